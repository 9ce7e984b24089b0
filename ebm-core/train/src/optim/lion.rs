use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use super::rule::{Kept, Update, UpdateRule, check_options};
use ebm_core::{buffers::native::Array, device::Real, error::ConfigError, parameter::Parameter};
use ebm_kernels::update;

/// Options of Lion (Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023, algorithm 2).
///
/// With the gradient g after clipping:
///
/// ```text
/// w = (1 - rate weight_decay) w - rate sign(beta1 m + (1 - beta1) g)
/// m = beta2 m + (1 - beta2) g
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct LionConfig {
    /// Learning rate before the schedule's factor: the size of every step.
    #[default(1e-4)]
    pub learning_rate: f64,
    /// Weight of the mean of the gradient in the direction of a step.
    #[default(0.9)]
    pub beta1: f64,
    /// Decay of the mean of the gradient.
    #[default(0.99)]
    pub beta2: f64,
    /// Decoupled weight decay a step, times the learning rate.
    pub weight_decay: f64,
    /// Largest Euclidean norm of a step's gradient; a larger one is scaled down to it. 0: no limit.
    pub clip: f64,
}

impl UpdateRule for LionConfig {
    const STATE: &'static [&'static str] = &["mean"];

    fn check(&self) -> Result<(), ConfigError> {
        let decays = [("beta1", self.beta1), ("beta2", self.beta2)];
        check_options(self.learning_rate, &decays, self.weight_decay, self.clip)
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn clip(&self) -> f64 {
        self.clip
    }

    fn apply(&self, update: &Update, gradient: &Array, kept: Kept<'_>, parameter: &mut Parameter) {
        let (rate, b1, b2) = (update.rate as Real, self.beta1 as Real, self.beta2 as Real);
        let keep = (1.0 - update.rate * self.weight_decay) as Real;
        update::elementwise(gradient, &mut kept.in_place()[0], parameter, |g, m, w| {
            let g = g * update.scale;
            let direction = b1 * *m + (1.0 - b1) * g;
            // `signum` calls zero positive.
            let sign = if direction == 0.0 { 0.0 } else { direction.signum() };
            *w = keep * *w - rate * sign;
            *m = b2 * *m + (1.0 - b2) * g;
        });
    }
}

crate::register_optimizer!(
    LionConfig,
    name: "lion",
    summary: "Lion: steps of one size along the signs of a momentum",
    reference: "Chen et al., \"Symbolic discovery of optimization algorithms\", NeurIPS 2023",
);

#[cfg(test)]
mod tests {
    use super::super::rule::tests::{keeps_its_state, near, updated};
    use super::*;

    #[test]
    fn two_updates_equal_those_worked_out_by_hand() {
        let options = LionConfig { learning_rate: 0.1, weight_decay: 0.5, ..Default::default() };
        // 0.95 w - 0.1 sign(g): the mean starts at zero.
        near(&updated(options.clone(), &[[0.5, 0.0]]), [0.85, -1.9]);
        // m = 0.005, and 0.9*0.005 - 0.1*0.04 = 0.0005 > 0: the momentum outweighs the gradient. In the other place m = 0.
        let found = updated(options.clone(), &[[0.5, 0.0], [-0.04, -3.0]]);
        near(&found, [0.95 * 0.85 - 0.1, 0.95 * -1.9 + 0.1]);
        keeps_its_state(options);
    }
}
