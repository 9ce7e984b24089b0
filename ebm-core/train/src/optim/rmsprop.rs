use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use super::rule::{Kept, Update, UpdateRule, check_options, check_positive};
use ebm_core::{buffers::native::Array, device::Real, error::ConfigError, parameter::Parameter};
use ebm_kernels::update;

/// Options of RMSprop (Tieleman and Hinton, "Neural networks for machine learning", lecture 6.5, 2012).
///
/// With the gradient g after clipping:
///
/// ```text
/// v = decay v + (1 - decay) g^2
/// w = w - rate g / (sqrt(v) + epsilon)
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct RmspropConfig {
    /// Learning rate before the schedule's factor.
    #[default(1e-3)]
    pub learning_rate: f64,
    /// Decay of the mean of the squared gradient.
    #[default(0.99)]
    pub decay: f64,
    /// Added to the root of the mean square.
    #[default(1e-8)]
    pub epsilon: f64,
    /// Largest Euclidean norm of a step's gradient; a larger one is scaled down to it. 0: no limit.
    pub clip: f64,
}

impl UpdateRule for RmspropConfig {
    const STATE: &'static [&'static str] = &["square"];

    fn check(&self) -> Result<(), ConfigError> {
        check_options(self.learning_rate, &[("decay", self.decay)], 0.0, self.clip)?;
        check_positive("epsilon", self.epsilon)
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn clip(&self) -> f64 {
        self.clip
    }

    fn apply(&self, update: &Update, gradient: &Array, kept: Kept<'_>, parameter: &mut Parameter) {
        let (rate, decay, epsilon) = (update.rate as Real, self.decay as Real, self.epsilon as Real);
        update::elementwise(gradient, &mut kept.in_place()[0], parameter, |g, v, w| {
            let g = g * update.scale;
            *v = decay * *v + (1.0 - decay) * g * g;
            *w -= rate * g / (v.sqrt() + epsilon);
        });
    }
}

crate::register_optimizer!(
    RmspropConfig,
    name: "rmsprop",
    summary: "RMSprop: the gradient over the root of its mean square",
    reference: "Tieleman and Hinton, \"Neural networks for machine learning\", lecture 6.5, 2012",
);

#[cfg(test)]
mod tests {
    use super::super::rule::tests::{keeps_its_state, near, updated};
    use super::*;

    #[test]
    fn two_updates_equal_those_worked_out_by_hand() {
        let options = RmspropConfig { learning_rate: 0.1, decay: 0.75, ..Default::default() };
        // v = g^2 / 4, so the first step is 0.2 sign(g).
        near(&updated(options.clone(), &[[0.5, -1.0]]), [0.8, -1.8]);
        // v = 0.75*0.0625 + 0.25*0.25 = 0.109375, root 0.330719: step 0.1*0.5/0.330719 = 0.151186.
        // v = 0.75*0.25 + 0.25*4 = 1.1875, root 1.089725: step 0.1*2/1.089725 = 0.183533.
        let found = updated(options.clone(), &[[0.5, -1.0], [0.5, 2.0]]);
        near(&found, [0.8 - 0.151_185_8, -1.8 - 0.183_532_6]);
        keeps_its_state(options);
    }
}
