use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use super::rule::{Kept, Update, UpdateRule, check_options, check_positive};
use ebm_core::{buffers::native::Array, device::Real, error::ConfigError, parameter::Parameter};
use ebm_kernels::update::{self, Step};

/// Options of Adam (Kingma and Ba, ICLR 2015; decoupled decay: Loshchilov and Hutter, ICLR 2019).
///
/// At update t, with the gradient g after clipping:
///
/// ```text
/// m = beta1 m + (1 - beta1) g
/// v = beta2 v + (1 - beta2) g^2
/// w = (1 - rate weight_decay) w - rate m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon)
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct AdamConfig {
    /// Learning rate before the schedule's factor.
    #[default(2e-4)]
    pub learning_rate: f64,
    /// Decay of the mean of the gradient.
    pub beta1: f64,
    /// Decay of the mean of the squared gradient.
    #[default(0.9)]
    pub beta2: f64,
    /// Added to the root of the mean square.
    #[default(1e-6)]
    pub epsilon: f64,
    /// Decoupled weight decay a step, times the learning rate.
    pub weight_decay: f64,
    /// Largest Euclidean norm of a step's gradient; a larger one is scaled down to it. 0: no limit.
    pub clip: f64,
}

impl UpdateRule for AdamConfig {
    const STATE: &'static [&'static str] = &["first", "second"];

    fn check(&self) -> Result<(), ConfigError> {
        let decays = [("beta1", self.beta1), ("beta2", self.beta2)];
        check_options(self.learning_rate, &decays, self.weight_decay, self.clip)?;
        check_positive("epsilon", self.epsilon)
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn clip(&self) -> f64 {
        self.clip
    }

    fn apply(&self, update: &Update, gradient: &Array, kept: Kept<'_>, parameter: &mut Parameter) {
        let t = update.count.min(i32::MAX as u64) as i32;
        let step = Step {
            scale: update.scale,
            b1: self.beta1 as Real,
            b2: self.beta2 as Real,
            epsilon: self.epsilon as Real,
            step: (update.rate / (1.0 - self.beta1.powi(t))) as Real,
            correction: (1.0 / (1.0 - self.beta2.powi(t)).sqrt()) as Real,
            keep: (1.0 - update.rate * self.weight_decay) as Real,
        };
        let old = kept.old.map(|old| (&old[0], &old[1]));
        if let [first, second] = kept.new {
            update::adam(step, gradient, old, first, second, parameter);
        }
    }
}

crate::register_optimizer!(
    AdamConfig,
    name: "adam",
    summary: "Adam, with decoupled weight decay",
    reference: "Kingma and Ba, \"Adam: a method for stochastic optimization\", ICLR 2015",
);

#[cfg(test)]
mod tests {
    use super::super::rule::tests::{keeps_its_state, near, updated};
    use super::*;

    fn config() -> AdamConfig {
        AdamConfig { learning_rate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, ..Default::default() }
    }

    #[test]
    fn two_updates_equal_those_worked_out_by_hand() {
        // First update: m/(1-b1) = g, sqrt(v/(1-b2)) = |g|, so the step is 0.1 sign(g).
        near(&updated(config(), &[[0.5, -1.0]]), [0.9, -1.9]);
        // m = 0.9*0.05+0.1*0.25 = 0.07, /0.19 = 0.368421; v = 0.99*0.0025+0.01*0.0625 = 0.0031, /0.0199 = 0.155779,
        // root 0.394689: step 0.1*0.933446. Second: m = -0.09+0.3 = 0.21, /0.19 = 1.105263; v = 0.0099+0.09 = 0.0999,
        // /0.0199 = 5.020101, root 2.240558: step 0.1*0.493298.
        let found = updated(config(), &[[0.5, -1.0], [0.25, 3.0]]);
        near(&found, [0.9 - 0.093_344_6, -1.9 - 0.049_329_8]);
        keeps_its_state(config());
    }

    #[test]
    fn clipping_scales_the_whole_gradient() {
        let free = AdamConfig { beta1: 0.0, epsilon: 1.0, ..config() };
        let clipped = AdamConfig { clip: 2.5, ..free.clone() };
        assert_eq!(updated(clipped, &[[3.0, -4.0]]), updated(free, &[[1.5, -2.0]]));
    }

    #[test]
    fn decay_shrinks_the_weights_apart_from_the_gradient() {
        let options = AdamConfig { weight_decay: 0.5, ..config() };
        near(&updated(options, &[[0.0, 0.0]]), [0.95, -1.9]);
    }
}
