//! The conformance check finds faults: bounds with a planted fault each, and the rule that names it.

mod bound;
mod configs;

use bounds_sv as _;
use ebm_conformance::{Options, Outcome, Rule, Side, check_lower, check_rule};

#[test]
fn every_planted_fault_is_found_by_the_rule_that_is_meant_for_it() {
    let options = Options { cases: 100, seed: 0 };
    let lower = [
        ("fault-unknown-keys", Rule::Example),
        ("fault-nonsense", Rule::Nonsense),
        ("fault-not-registered", Rule::Registered),
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
