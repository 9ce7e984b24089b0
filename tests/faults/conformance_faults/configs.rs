//! A configuration for each fault, registered under its name.

use ebm_conformance::Rule;
use ebm_core::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bound;

macro_rules! lower {
    ($($(#[$doc:meta])+ $config:ident $name:literal $rule:ident),+ $(,)?) => {
        /// The names, and the rules that they break.
        pub const FAULTS: &[(&str, Rule)] = &[$(($name, Rule::$rule)),+];
        $(lower!(@empty $(#[$doc])+ $config $name);)+
    };
    (@empty $(#[$doc:meta])+ $config:ident $name:literal) => {
        $(#[$doc])+
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct $config {}

        lower!(@register $config $name);
    };
    (@register $config:ident $name:literal) => {
        impl LowerFormula for $config {
            fn entropy<G: Geometry>(&self, view: &GeneratorView<'_, G>) -> Result<Estimate, BoundError> {
                bound::entropy($name, view)
            }
            fn entropy_upper_bound<G: Geometry>(
                &self,
                view: &GeneratorView<'_, G>,
            ) -> Result<Option<Measurement>, BoundError> {
                bound::entropy_upper_bound($name, view)
            }
            fn log_inverse_densities<G: Geometry>(
                &self,
                view: &GeneratorView<'_, G>,
            ) -> Result<Option<Vec<f64>>, BoundError> {
                Ok(bound::log_inverse_densities($name, view))
            }
        }

        register_lower_bound!(
            $config,
            name: $name,
            summary: "a planted fault",
            reference: "none",
            guarantee: Level::Certified,
            needs: &[Need::Jacobian],
        );
    };
}

lower!(
    /// The volume is subtracted.
    WrongSign "fault-wrong-sign" CertifiedValue,
    /// The largest singular value in place of the smallest.
    Largest "fault-largest" CertifiedValue,
    /// An iteration for the smallest singular value that stops at its start.
    EarlyStop "fault-early-stop" CertifiedValue,
    /// The mean of the logarithms in place of their sum.
    MeanForSum "fault-mean-for-sum" CertifiedValue,
    /// The latents' own entropy is left out.
    MissingEntropy "fault-missing-entropy" CertifiedCeiling,
    /// Certified wherever it is asked.
    EverywhereCertified "fault-everywhere-certified" Claims,
    /// A penalty on the weights that is in the value and not in the gradient.
    NoGradient "fault-no-gradient" Gradient,
    /// The generator's weights are watched by every tape.
    Leak "fault-leak" NoLeak,
    /// A count of steps that no state has.
    StateNotSaved "fault-state" State,
    /// Later samples count more.
    Order "fault-order" BatchOrder,
    /// Statistics of the batch in training, running ones in an evaluation.
    BatchNorm "fault-batch-norm" Modes,
    /// Numbers from nowhere.
    Unseeded "fault-unseeded" Deterministic,
    /// A second sample is taken for granted.
    Panics "fault-panics" SmallShapes,
    /// Another value where the axes are known at compile time.
    FixedAxes "fault-geometry" Geometries,
    /// Values that are not numbers are reported as zero.
    Hidden "fault-hidden" ExtremeInputs,
    /// A nat too high, with the samples' deviation for the standard error of their mean.
    NoRoot "fault-no-root" CertifiedValue,
    /// Far too high, with a standard error that allows everything.
    InfiniteError "fault-infinite-error" CertifiedValue,
    /// Samples of the batch are used, and no standard error is claimed.
    ExactClaim "fault-exact-claim" CertifiedValue,
    /// Five hundredths of a nat too high, far less than one case shows.
    SlightlyAbove "fault-slightly-above" CertifiedValue,
    /// One inner draw for all samples, which the standard error knows nothing of.
    SharedDraws "fault-shared-draws" CertifiedValue,
    /// Too high in the batches of an evaluation only.
    LargeBatches "fault-large-batches" CertifiedValue,
    /// Too high late in training only.
    LaterSteps "fault-later-steps" CertifiedValue,
    /// The entropy of a normal distribution with the samples' own covariance, as a ceiling.
    PlugIn "fault-plug-in" CertifiedCeiling,
    /// Samples are paired with the next ones of the batch; its expectation is right.
    Neighbours "fault-neighbours" BatchOrder,
    /// An extreme of the batch, and no word of it.
    Coupling "fault-coupling" Shares,
    /// Another value with another number of threads.
    Threads "fault-threads" Threads,
    /// The inverse densities lack the constant of the latents' density.
    LatentConstant "fault-latent-constant" Weights,
    /// The inverse densities have half of the volume.
    HalfVolume "fault-half-volume" Weights,
);

lower!(@empty
    /// Nothing is wrong.
    Sound "sound"
);

/// A configuration that takes whatever it is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UnknownKeys {}
lower!(@register UnknownKeys "fault-unknown-keys");

/// A configuration that looks at none of its numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Nonsense {
    weight: f64,
}
lower!(@register Nonsense "fault-nonsense");

/// `E_data[ln sigmoid(E)] + E_pg[ln sigmoid(-E)] + 2 ln 2`, at most twice the Jensen-Shannon divergence, called a bound of
/// Kullback and Leibler's.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JensenShannon {}

impl UpperFormula for JensenShannon {
    fn divergence<G: Geometry>(&self, view: &EnergyView<'_, G>) -> Result<Estimate, BoundError> {
        let off = SharedTape::off();
        let log_sigmoid = |e: Real| -((-f64::from(e)).exp().ln_1p());
        let data = values(&view.energy.forward(off.watch(view.data)));
        let generated = values(&view.energy.forward(off.watch(view.generated())));
        let pairs = data.into_iter().zip(generated);
        let both = pairs.map(|(x, g)| log_sigmoid(x) + log_sigmoid(-g) + 2.0 * std::f64::consts::LN_2);
        let measurement = Measurement::of(both, Guarantee::certified("it says so"));
        Ok(Estimate::new(view.tape.constant(measurement.value), measurement))
    }
}

register_upper_bound!(
    JensenShannon,
    name: "fault-jsd",
    summary: "a planted fault",
    reference: "none",
    guarantee: Level::Certified,
    needs: &[],
);
