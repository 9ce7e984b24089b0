//! One line that makes a test of every rule.

use super::{Options, Outcome, Rule, Side, check_rule};

/// Checks one rule with the default options, as a test does.
///
/// # Panics
/// If the rule is broken, with what was found.
pub fn assert_rule(side: Side, name: &str, rule: Rule) {
    let entry = check_rule(side, name, rule, &Options::default());
    println!("{entry}");
    assert!(!matches!(entry.outcome, Outcome::Failed(_)), "{side} {name:?}\n{entry}");
}

/// Tests of a registered bound, one for each [`Rule`](crate::Rule): `conformance_tests!(lower, "name");` or
/// `conformance_tests!(upper, "name");`.
///
/// For two bounds in one file, put each into a module of its own. The crate needs
/// `ebm-conformance` among its `dev-dependencies`.
#[macro_export]
macro_rules! conformance_tests {
    (lower, $name:expr) => {
        $crate::__conformance_tests!(Lower, $name);
        #[test]
        fn certified_ceiling() {
            $crate::assert_rule($crate::Side::Lower, $name, $crate::Rule::CertifiedCeiling);
        }
    };
    (upper, $name:expr) => {
        $crate::__conformance_tests!(Upper, $name);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_tests {
    ($side:ident, $name:expr) => {
        $crate::__conformance_tests!($side, $name;
            registered Registered, example Example, nonsense Nonsense, certified_value CertifiedValue, claims Claims,
            sandwich Sandwich, gradient Gradient, no_leak NoLeak, deterministic Deterministic, batch_order BatchOrder,
            small_shapes SmallShapes, extreme_inputs ExtremeInputs, state State, geometries Geometries, modes Modes);
    };
    ($side:ident, $name:expr; $($test:ident $rule:ident),+) => {
        $(
            #[test]
            fn $test() {
                $crate::assert_rule(
                    $crate::Side::$side,
                    $name,
                    $crate::Rule::$rule,
                );
            }
        )+
    };
}
