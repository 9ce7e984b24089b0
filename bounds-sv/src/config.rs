use ebm_core::network::NetworkConfig;
use ebm_core::registry::{Amount, Dimensions, LowerBoundSpec, Size};
use ebm_core::{optimizer::OptimizerOptions, prelude::*};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use crate::{NoiseFloor, SingularValues};

/// The entropy of the generator from the singular values of its Jacobian.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct SvConfig {
    /// Which function of the singular values.
    pub variant: Variant,
    /// How the smallest singular value is found.
    pub solver: Solver,
    /// Steps of the quadrature of `noise-floor` and `encoder-floor`: a product with J and one with its transpose each. Every
    /// number of them bounds the determinant from below. With 0, or where d is at most twice as much, the determinant is exact, from
    /// d pushforwards a sample.
    #[default(8)]
    pub lanczos_steps: usize,
    /// Random vectors a sample that the quadrature starts from.
    #[default(1)]
    pub probes: usize,
    /// The scale tau of the posterior N(m(x), tau^2 A^-1) of `encoder-floor`.
    pub tau: Tau,
    /// The encoder m of `encoder-floor`, from samples to latents.
    pub encoder: NetworkConfig,
    /// The optimiser of the encoder: any, by its `kind`. Left out, it is `adam` with learning rate 1e-3, beta1 0.9 and beta2
    /// 0.99. Its learning rate follows the generator's schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optimizer: Option<OptimizerOptions>,
}

/// Which function of the singular values s_1 <= ... <= s_d.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Variant {
    /// d log s_1: the papers' bound.
    #[default]
    Smallest,
    /// sum_i log s_i = 1/2 log det(J^T J): the value that `smallest` bounds; d pushforwards a sample, or a
    /// sum where the generator is a flow.
    LogDet,
    /// sum_i 1/2 log(1 + s_i^2/sigma^2), for a generator with noise sigma, and any d and D: a singular value of 0 costs nothing. No
    /// bound where the generator folds.
    NoiseFloor,
    /// The same at the latent that an encoder finds for each sample, less the encoder's error: certified for every generator with
    /// noise.
    EncoderFloor,
}

impl Variant {
    /// The name in configurations.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Smallest => "smallest",
            Self::LogDet => "log-det",
            Self::NoiseFloor => "noise-floor",
            Self::EncoderFloor => "encoder-floor",
        }
    }
}

/// The scale tau of an encoder's posterior N(m(x), tau^2 A^-1). The bound holds for every one that the batch had no part in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Tau {
    /// The best one of the training steps so far, by a running mean; training itself uses the best one of its batch.
    #[default]
    Running,
    /// This number > 0.
    Fixed(f64),
}

/// How the smallest singular value is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Solver {
    /// From the whole Jacobian: d pushforwards a sample.
    #[default]
    Exact,
    /// By conjugate directions on products with J and its transpose. Stopped early it overestimates s_1, so the value
    /// is no longer a bound.
    Iterative(IterativeSolver),
}

/// Options of the iterative solver.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct IterativeSolver {
    /// Products with J^T J a step at most.
    #[default(2)]
    pub steps: usize,
    /// Start from the vectors of the previous step instead of random ones.
    #[default(true)]
    pub warm_start: bool,
    /// Relative residual ||J^T J v - s^2 v|| / ||J||^2 below which a sample has converged.
    #[default(1e-4)]
    pub tolerance: f64,
}

/// That of the networks of `mi`.
fn default_optimizer() -> OptimizerOptions {
    OptimizerOptions::new("adam")
        .with("learning_rate", 1e-3)
        .with("beta1", 0.9)
        .with("beta2", 0.99)
        .with("epsilon", 1e-8)
}

impl LowerBoundSpec for SvConfig {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require_within("lanczos_steps", self.lanczos_steps, 0..=256)?;
        ConfigError::require_within("probes", self.probes, 1..=1024)?;
        self.encoder.check().map_err(|e| e.within("encoder"))?;
        if let Tau::Fixed(tau) = self.tau {
            ConfigError::require_positive("tau.fixed", tau)?;
        }
        let Solver::Iterative(solver) = self.solver else {
            return Ok(());
        };
        let variant = self.variant.name();
        ConfigError::require(
            self.variant == Variant::Smallest,
            "solver",
            "iterative",
            &format!("\"exact\" with variant = {variant:?}: the iteration finds the smallest value only"),
        )?;
        ConfigError::require(solver.steps > 0, "solver.iterative.steps", solver.steps, "a number > 0")?;
        ConfigError::require_not_negative("solver.iterative.tolerance", solver.tolerance)
    }

    fn needs(&self) -> &'static [Need] {
        match self.variant {
            Variant::Smallest | Variant::LogDet => &[Need::FullRank],
            Variant::NoiseFloor | Variant::EncoderFloor => &[Need::Noise],
        }
    }

    fn build<G: Geometry>(&self, geometry: G, random: Random) -> Result<Box<dyn LowerBound<G>>, ConfigError> {
        if matches!(self.variant, Variant::NoiseFloor | Variant::EncoderFloor) {
            return Ok(Box::new(NoiseFloor::new(self.clone(), geometry, random)));
        }
        let (d, wide) = (geometry.latent_width(), geometry.data_width());
        ConfigError::require(
            d <= wide,
            "variant",
            self.variant.name(),
            &format!(
                "\"noise-floor\" with a generator with noise, or no more latent dimensions than data dimensions; with {d} > \
                 {wide} the Jacobian is singular"
            ),
        )?;
        Ok(Box::new(SingularValues::new(self.clone(), geometry, random)))
    }

    fn size(&self, dimensions: Dimensions) -> Option<Size> {
        let ([d, wide, batch], steps) = (dimensions.numbers(), self.lanczos_steps);
        let jacobian = Amount::new(batch * d * wide, "variant");
        let by_quadrature = steps > 0 && dimensions.latent > steps.saturating_mul(2);
        let pass = match (self.variant, self.solver) {
            (Variant::Smallest, Solver::Exact) => jacobian,
            (Variant::NoiseFloor | Variant::EncoderFloor, _) if by_quadrature => {
                let option = if self.probes > steps { "probes" } else { "lanczos_steps" };
                // The bases of a Krylov space for each probe.
                Amount::new(batch * self.probes as f64 * steps as f64 * (d + wide), option)
            }
            (Variant::NoiseFloor | Variant::EncoderFloor, _) => jacobian,
            // A flow has a formula, and an iteration goes without the Jacobian.
            (Variant::LogDet, _) | (Variant::Smallest, _) => Amount::NONE,
        };
        let [trained, _] = self.encoder.numbers(dimensions.data, dimensions.latent);
        let parameters = match self.variant {
            Variant::EncoderFloor => Amount::new(trained, "encoder.hidden"),
            _ => Amount::NONE,
        };
        Some(Size { parameters, pass })
    }

    fn optimizer(&self) -> Option<OptimizerOptions> {
        let own = || self.optimizer.clone().unwrap_or_default().or(default_optimizer());
        (self.variant == Variant::EncoderFloor).then(own)
    }
}

register_lower_bound!(
    SvConfig,
    name: "sv",
    summary: "entropy from the singular values of the generator's Jacobian",
    reference: "Geng et al., \"Bounds all around\", NeurIPS 2021, section 3",
    guarantee: Level::Certified,
    needs: &[Need::Jacobian],
    // Stopped early, its vector is not the singular one, which alone may be held fixed.
    approximate_gradient: ["solver.iterative"],
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusable_values_are_refused_by_key() {
        let key = |c: SvConfig| c.check().unwrap_err().key;
        let iterative = |solver| SvConfig { solver: Solver::Iterative(solver), ..Default::default() };
        let none = IterativeSolver { steps: 0, ..Default::default() };
        assert_eq!(key(iterative(none)), "solver.iterative.steps");
        let log_det = SvConfig { variant: Variant::LogDet, ..iterative(IterativeSolver::default()) };
        assert_eq!(key(log_det), "solver");
        let noise_floor = SvConfig { variant: Variant::NoiseFloor, ..iterative(IterativeSolver::default()) };
        assert!(noise_floor.check().unwrap_err().to_string().contains("noise-floor"));
        assert_eq!(key(SvConfig { probes: 0, ..Default::default() }), "probes");
        assert_eq!(key(SvConfig { lanczos_steps: 1000, ..Default::default() }), "lanczos_steps");
        assert_eq!(key(SvConfig { tau: Tau::Fixed(0.0), ..Default::default() }), "tau.fixed");
        let encoder = NetworkConfig { hidden: vec![0], ..Default::default() };
        assert_eq!(key(SvConfig { encoder, ..Default::default() }), "encoder.hidden");
        assert!(SvConfig::default().check().is_ok());
    }

    #[test]
    fn the_size_is_that_of_the_jacobian_or_of_the_spaces_that_stand_for_it() {
        let dimensions = Dimensions { latent: 40, data: 100, batch: 5 };
        let of = |config: SvConfig| config.size(dimensions).unwrap();
        let floor = |lanczos_steps, probes, variant| SvConfig { lanczos_steps, probes, variant, ..Default::default() };
        for (config, pass) in [
            (SvConfig::default(), Amount::new(5.0 * 40.0 * 100.0, "variant")),
            (SvConfig { variant: Variant::LogDet, ..Default::default() }, Amount::NONE),
            (floor(0, 9, Variant::NoiseFloor), Amount::new(5.0 * 40.0 * 100.0, "variant")),
            (floor(8, 2, Variant::NoiseFloor), Amount::new(5.0 * 2.0 * 8.0 * 140.0, "lanczos_steps")),
            (floor(8, 1024, Variant::NoiseFloor), Amount::new(5.0 * 1024.0 * 8.0 * 140.0, "probes")),
        ] {
            assert_eq!(of(config), Size { parameters: Amount::NONE, pass });
        }
        // From 100 samples by layers of 128 to 40 latents.
        let encoder = of(floor(8, 2, Variant::EncoderFloor)).parameters;
        assert_eq!(encoder, Amount::new((101 * 128 + 129 * 128 + 129 * 40) as f64, "encoder.hidden"));
    }

    #[test]
    fn only_an_encoder_has_an_optimiser_of_its_own() {
        let given = Some(OptimizerOptions::default().with("learning_rate", 0.5));
        let noise_floor = SvConfig { variant: Variant::NoiseFloor, optimizer: given.clone(), ..Default::default() };
        assert_eq!(noise_floor.optimizer(), None);
        let encoder_floor = SvConfig { variant: Variant::EncoderFloor, ..Default::default() };
        assert_eq!(encoder_floor.optimizer(), Some(default_optimizer()));
        let encoder_floor = SvConfig { optimizer: given, ..encoder_floor };
        assert_eq!(encoder_floor.optimizer(), Some(default_optimizer().with("learning_rate", 0.5)));
    }
}
