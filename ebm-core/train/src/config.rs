use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use crate::negatives::RefineConfig;
use crate::non_finite::NonFinitePolicy;
use crate::optim::{OptimizerChoice, Schedule};
use ebm_core::{error::ConfigError, schedule::Scheduled};

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
    /// Weight lambda of the entropy in the generator's objective `w E_pg[E] - lambda H`; it may change over the run. Reported
    /// values carry no weight.
    #[default(Scheduled::from(1.0))]
    pub lambda: Scheduled,
    /// Weight w of the energy in the generator's objective; it may change over the run. Reported values carry no weight.
    ///
    /// Rising from a small value, it lets the generator spread before the energy moves it. At 0 the generator maximises its
    /// entropy alone, which has no end unless its samples are bounded (`output = "tanh"`).
    #[default(Scheduled::from(1.0))]
    pub energy_weight: Scheduled,
    /// Iterations at the start in which the energy is not trained: the generator and the lower bound's networks train alone, on
    /// the energy as it was initialised. Reports still have its terms.
    pub head_start: u64,
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
    /// Weight w of the penalty `w/2 E_data ||grad_x E||^2` (R1) in the energy's step, beside any upper bound. 0: none.
    #[default(Scheduled::Constant(0.0))]
    pub data_penalty: Scheduled,
    /// Weigh the generated samples in the energy's step by `w = exp(-E(x))/p_g(x)`, normalised over the batch, as if they were samples
    /// of the model itself, beside a few samples outside the data, and in the plane some around the data. The energy then minimises
    /// `E_data[E] + ln mean w`, a lower bound of L that is the closer the larger the batch is. Needs a lower bound that knows `p_g`, or
    /// has unbiased estimates of `1/p_g`.
    pub weighted: bool,
    /// Chains on the energy among its negative samples.
    pub refine: RefineConfig,
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
        self.lambda.check_not_negative("lambda")?;
        self.energy_weight.check_not_negative("energy_weight")?;
        ConfigError::require(self.log_every > 0, "log_every", self.log_every, "a number > 0")?;
        self.energy.check().map_err(|e| e.within("energy"))?;
        self.generator.check().map_err(|e| e.within("generator"))?;
        self.data_penalty.check_not_negative("data_penalty")?;
        self.refine.check(self.batch).map_err(|e| e.within("refine"))?;
        self.check_likelihood()?;
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

    /// Whether the iteration after `done` ones trains the energy.
    pub(crate) fn trains_energy(&self, done: u64) -> bool {
        self.objective == Objective::MaximumLikelihood || done >= self.head_start
    }

    /// Refuses options of the game that exact maximum likelihood has no use for.
    fn check_likelihood(&self) -> Result<(), ConfigError> {
        let unused = |unset: bool, key: &str, value: &dyn ToString| {
            let expected = "0 with objective = \"maximum-likelihood\", whose negatives are the energy's own";
            ConfigError::require(unset || self.objective == Objective::Bidirectional, key, value.to_string(), expected)
        };
        let (penalty, refine) = (&self.data_penalty, self.refine.share);
        unused(*penalty == Scheduled::Constant(0.0), "data_penalty", penalty)?;
        unused(refine == 0.0, "refine.share", &refine)?;
        let expected = "false with objective = \"maximum-likelihood\", which has no generator";
        let unused = !self.weighted || self.objective == Objective::Bidirectional;
        ConfigError::require(unused, "weighted", self.weighted, expected)
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
