//! The conformance check finds faults: bounds with a planted fault each, and the rule that names it.

mod bound;
mod configs;
mod slopes;
mod weights;

use bounds_sv as _;
use ebm_conformance::{Options, Outcome, Rule, Side, check_lower, check_rule};

#[test]
fn every_planted_fault_is_found_by_the_rule_that_is_meant_for_it() {
    let options = Options { cases: 100, seed: 0 };
    let lower = [
        ("fault-unknown-keys", Rule::Example),
        ("fault-nonsense", Rule::Nonsense),
        ("fault-not-registered", Rule::Registered),
        ("fault-sigma-without-slope", Rule::Gradient),
        ("fault-sigma-with-wrong-slope", Rule::Gradient),
        ("fault-one-variant", Rule::Gradient),
        ("fault-noise-weights", Rule::Weights),
    ];
    let upper = [Rule::CertifiedValue, Rule::Sandwich].map(|rule| (Side::Upper, "fault-jsd", rule));
    let lower = configs::FAULTS.iter().copied().chain(lower).map(|(name, rule)| (Side::Lower, name, rule));
    let mut missed = Vec::new();
    for (side, name, rule) in lower.chain(upper) {
        let entry = check_rule(side, name, rule, &options);
        println!("{name}: {entry}");
        if !matches!(entry.outcome, Outcome::Failed(_)) {
            missed.push((name, rule));
        }
    }
    assert!(missed.is_empty(), "{missed:?}");
}

#[test]
fn the_same_bound_without_a_fault_breaks_no_rule() {
    let report = check_lower("sound", &Options { cases: 100, seed: 0 });
    assert!(!report.failed(), "{report}");
}

#[test]
fn a_fault_breaks_the_rule_in_the_smallest_case_and_says_both_numbers() {
    let options = Options { cases: 100, seed: 0 };
    let entry = check_rule(Side::Lower, "fault-wrong-sign", Rule::CertifiedValue, &options);
    let Outcome::Failed(violation) = entry.outcome else {
        panic!("{entry}");
    };
    assert!(violation.found > violation.expected, "{violation}");
    assert!(violation.case.contains("d = 1, D = 1, sigma = 0"), "{violation}");
    let again = check_rule(Side::Lower, "fault-wrong-sign", Rule::CertifiedValue, &options);
    assert_eq!(again.outcome, Outcome::Failed(violation), "the same seed finds the same case");
}

#[test]
fn wrong_weights_break_no_other_rule() {
    for name in ["fault-latent-constant", "fault-half-volume"] {
        let report = check_lower(name, &Options { cases: 100, seed: 0 });
        assert!(report.broken().eq([Rule::Weights]), "{report}");
    }
}

/// The words of the rule that a bound breaks.
fn told(name: &str, rule: Rule) -> String {
    let entry = check_rule(Side::Lower, name, rule, &Options { cases: 100, seed: 0 });
    match entry.outcome {
        Outcome::Failed(violation) => violation.to_string(),
        _ => panic!("{entry}"),
    }
}

#[test]
fn a_valid_bound_that_pairs_samples_by_position_is_told_so() {
    let message = told("fault-neighbours", Rule::BatchOrder);
    assert!(message.contains("so the bound pairs samples by their position in"), "{message}");
    // Weights by position are another fault.
    let message = told("fault-order", Rule::BatchOrder);
    assert!(!message.contains("so the bound pairs"), "{message}");
}

#[test]
fn a_fault_is_told_with_the_choice_that_has_it_unless_it_is_named() {
    let message = told("fault-one-variant", Rule::Gradient);
    assert!(message.contains("with slope.twice"), "{message}");
    let message = told("fault-noise-weights", Rule::Weights);
    assert!(message.contains("width.forgotten"), "{message}");
    let entry = check_rule(Side::Lower, "named-variant", Rule::Gradient, &Options { cases: 100, seed: 0 });
    assert!(matches!(entry.outcome, Outcome::Passed { .. }), "{entry}");
}

#[test]
fn what_only_many_cases_show_is_told_with_their_number() {
    let message = told("fault-slightly-above", Rule::CertifiedValue);
    assert!(message.contains("cases in which it is close to the exact value"), "{message}");
    let message = told("fault-shared-draws", Rule::CertifiedValue);
    assert!(message.contains("times as widely"), "{message}");
}
