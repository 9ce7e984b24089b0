//! The cases of the self-test.

use super::{Activation, activate};
use crate::selftest::{Case, Operation};

crate::selftest_cases!(cases);

fn cases() -> Vec<Case> {
    let case = |&activation: &Activation| {
        let operation = Operation::new(format!("activate: {activation:?}").to_lowercase(), 37, 40);
        let operation = operation.kinked(activation.is_piecewise_linear());
        let operation = match activation.has_learned_slope() {
            true => operation.array(1, -2),
            false => operation,
        };
        operation.case(move |x, primal, arrays| activate(x, primal, activation, arrays.first(), true))
    };
    Activation::ALL.iter().map(case).collect()
}
