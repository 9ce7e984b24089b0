use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use crate::non_finite::NonFinitePolicy;
use crate::optim::{OptimizerChoice, Schedule};
use ebm_core::error::ConfigError;

/// The training loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Number of iterations. One iteration is `energy.steps` energy steps and `generator.steps` generator steps.
    #[default(10_000)]
    pub steps: u64,
    /// Samples a step, of data and of the generator alike.
    #[default(200)]
    pub batch: usize,
    /// The objective of the energy.
    pub objective: Objective,
    /// Weight of the entropy in the generator's objective `E_pg[E] - lambda H`. Reported values carry no weight.
    #[default(1.0)]
    pub lambda: f64,
    /// Iterations between two lines of the metrics file.
    #[default(100)]
    pub log_every: u64,
    /// Iterations between two evaluations (exact likelihood where it can be had). 0: only at the end.
    #[default(1000)]
    pub evaluate_every: u64,
    /// How the energy is trained.
    pub energy: PlayerConfig,
    /// How the generator is trained.
    pub generator: PlayerConfig,
    /// When to stop before `steps`.
    pub stop: StopConfig,
    /// The policy for a term that is NaN or infinite.
    pub non_finite: NonFinitePolicy,
}

/// The objective of the energy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Objective {
    /// The minimax game: the energy minimises the upper bound, the generator maximises the lower one.
    #[default]
    Bidirectional,
    /// Exact maximum likelihood: log Z and its gradient by quadrature, no generator. One or two dimensions only; the
    /// baseline that says what the energy network itself can reach.
    MaximumLikelihood,
}

/// How one player is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct PlayerConfig {
    /// Steps of this player an iteration.
    #[default(1)]
    pub steps: usize,
    /// The optimiser. A table without `kind` is Adam's.
    pub optimizer: OptimizerChoice,
    /// Course of the learning rate over the run, a factor of `optimizer.learning_rate`.
    pub schedule: Schedule,
    /// Decay of the exponential moving average of the weights, used for evaluation and sampling. 0: no average.
    pub average: f64,
}

/// When to stop before the last step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StopConfig {
    /// Stop after this many seconds of training. 0: no limit.
    pub seconds: f64,
    /// Stop when `metric` has not improved for this many evaluations. 0: never.
    pub patience: u64,
    /// The metric watched: a name from an evaluation, such as `nll`. Where there is no exact `nll`, `cubo_nll` stands in for it, and where
    /// too few weights carry that one, `weights_nll`.
    pub metric: String,
}

impl TrainConfig {
    /// Refuses the first value that cannot be used, with what was expected.
    pub fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require(self.steps > 0, "steps", self.steps, "a number > 0")?;
        ConfigError::require(self.batch >= 2, "batch", self.batch, "at least 2: a standard error needs two samples")?;
        ConfigError::require_not_negative("lambda", self.lambda)?;
        ConfigError::require(self.log_every > 0, "log_every", self.log_every, "a number > 0")?;
        self.energy.check().map_err(|e| e.within("energy"))?;
        self.generator.check().map_err(|e| e.within("generator"))?;
        self.non_finite.check().map_err(|e| e.within("non_finite"))?;
        let stop = &self.stop;
        ConfigError::require(
            stop.seconds >= 0.0 && stop.seconds.is_finite(),
            "stop.seconds",
            stop.seconds,
            "a finite number of seconds >= 0",
        )?;
        ConfigError::require(
            stop.patience == 0 || !stop.metric.is_empty(),
            "stop.metric",
            "\"\"",
            "the name of a metric, since stop.patience is set",
        )?;
        ConfigError::require(
            stop.patience == 0 || self.evaluate_every > 0,
            "evaluate_every",
            self.evaluate_every,
            "a number > 0, since stop.patience is set",
        )
    }
}

impl PlayerConfig {
    /// The learning rate after `step` of `steps` iterations.
    pub(crate) fn rate(&self, step: u64, steps: u64) -> f64 {
        self.optimizer.learning_rate() * self.schedule.factor(step, steps)
    }

    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require(self.steps > 0, "steps", self.steps, "a number > 0")?;
        ConfigError::require((0.0..1.0).contains(&self.average), "average", self.average, "a number in [0, 1)")?;
        self.schedule.check().map_err(|e| e.within("schedule"))?;
        self.optimizer.check().map_err(|e| e.within("optimizer"))
    }
}
