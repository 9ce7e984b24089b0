use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use super::rule::{Kept, Update, UpdateRule, check_options};
use ebm_core::{buffers::native::Array, device::Real, error::ConfigError, parameter::Parameter};
use ebm_kernels::update;

/// Options of stochastic gradient descent with momentum (Polyak, USSR Comput. Math. Math. Phys. 1964).
///
/// With the gradient g after clipping:
///
/// ```text
/// v = momentum v + g
/// w = w - rate v
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct SgdConfig {
    /// Learning rate before the schedule's factor.
    #[default(1e-2)]
    pub learning_rate: f64,
    /// Share of the last step's direction that is kept.
    #[default(0.9)]
    pub momentum: f64,
    /// Largest Euclidean norm of a step's gradient; a larger one is scaled down to it. 0: no limit.
    pub clip: f64,
}

impl UpdateRule for SgdConfig {
    const STATE: &'static [&'static str] = &["velocity"];

    fn check(&self) -> Result<(), ConfigError> {
        check_options(self.learning_rate, &[("momentum", self.momentum)], 0.0, self.clip)
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn clip(&self) -> f64 {
        self.clip
    }

    fn apply(&self, update: &Update, gradient: &Array, kept: Kept<'_>, parameter: &mut Parameter) {
        let (rate, momentum) = (update.rate as Real, self.momentum as Real);
        update::elementwise(gradient, &mut kept.in_place()[0], parameter, |g, v, w| {
            *v = momentum * *v + g * update.scale;
            *w -= rate * *v;
        });
    }
}

crate::register_optimizer!(
    SgdConfig,
    name: "sgd",
    summary: "stochastic gradient descent with momentum",
    reference: "Polyak, \"Some methods of speeding up the convergence of iteration methods\", 1964",
);

#[cfg(test)]
mod tests {
    use super::super::rule::tests::{keeps_its_state, near, updated};
    use super::*;

    #[test]
    fn two_updates_equal_those_worked_out_by_hand() {
        let options = SgdConfig { learning_rate: 0.1, momentum: 0.5, clip: 5.0 };
        // From [1, -2]: v = g = [0.5, -1]; then v = [0.25, -0.5] + [3, 4] scaled to [3, 4] (norm 5) = [3.25, 3.5].
        near(&updated(options.clone(), &[[0.5, -1.0]]), [0.95, -1.9]);
        near(&updated(options.clone(), &[[0.5, -1.0], [6.0, 8.0]]), [0.95 - 0.325, -1.9 - 0.35]);
        keeps_its_state(options);
    }
}
