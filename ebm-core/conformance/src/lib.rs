//! Checks a bound against the whole contract.
//!
//! [`check_lower`] and [`check_upper`] take the name a bound is registered under, put the bound into many random situations
//! whose every quantity is known, and say of each [`Rule`] whether it was kept. In a bound's own crate, one line makes a
//! test of every rule:
//!
//! ```text
//! ebm_conformance::conformance_tests!(lower, "noise-floor");
//! ```
//!
//! A name that nobody registered breaks one rule, and no other speaks of it:
//!
//! ```
//! use ebm_conformance::{Entry, Options, Outcome, Report, Rule, Side, Violation};
//! use ebm_conformance::{check_lower, check_rule, check_upper};
//!
//! let options = Options { cases: 5, ..Default::default() };
//! let report: Report = check_lower("no-such-bound", &options);
//! assert!(report.failed() && report.broken().eq([Rule::Registered]));
//! assert!(check_upper("no-such-bound", &options).broken().eq([Rule::Registered]));
//!
//! let Entry { outcome, .. } = check_rule(Side::Lower, "no-such-bound", Rule::Registered, &options);
//! assert!(matches!(outcome, Outcome::Failed(Violation { message, .. }) if message.contains("no-such-bound")));
//! let gradient = check_rule(Side::Lower, "no-such-bound", Rule::Gradient, &options);
//! assert!(matches!(gradient.outcome, Outcome::NotApplicable { .. }));
//! ```
//!
//! The registered example is checked, and every configuration that differs from it in one option that is a choice between words. Random
//! numbers are functions of [`Options::seed`], so that the same report comes again.

mod case;
mod caught;
mod configs;
mod differences;
mod exact;
mod macros;
mod options;
mod poison;
mod report;
mod rule;
mod rules;
mod runner;
mod situation;
mod subject;

pub use macros::assert_rule;
pub use options::Options;
pub use report::{Entry, Outcome, Report, Violation};
pub use rule::{Rule, Side};

use subject::Subject;

/// Checks the lower bound registered as `name` against every rule.
///
/// A name that is not registered is a report in which [`Rule::Registered`] failed.
pub fn check_lower(name: &str, options: &Options) -> Report {
    check(Side::Lower, name, options)
}

/// Checks the upper bound registered as `name` against every rule.
///
/// A name that is not registered is a report in which [`Rule::Registered`] failed.
pub fn check_upper(name: &str, options: &Options) -> Report {
    check(Side::Upper, name, options)
}

fn check(side: Side, name: &str, options: &Options) -> Report {
    let rules = Rule::of(side);
    Report {
        side,
        name: name.into(),
        cases: options.cases,
        seed: options.seed,
        entries: rules.into_iter().map(|rule| check_rule(side, name, rule, options)).collect(),
    }
}

/// Checks one rule for the bound of a side that is registered as `name`.
pub fn check_rule(side: Side, name: &str, rule: Rule, options: &Options) -> Entry {
    let outcome = match (Subject::find(side, name), rule) {
        (Ok(subject), rule) => caught::outcome(|| rules::check(rule, &subject, options)),
        (Err(fault), Rule::Registered) => Outcome::Failed(Violation::told(fault)),
        (Err(_), _) => Outcome::NotApplicable { reason: "there is no such bound to be checked".into() },
    };
    Entry { rule, outcome }
}
