use ebm_core::diffusion::Process;
use ebm_core::registry::{Amount, Dimensions, Size, UpperBoundSpec};
use ebm_core::{prelude::*, schedule::Scheduled};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use crate::Diffusion;

/// The upper bound by diffusion: a denoising score loss for E(x, t) on generated samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct DiffusionConfig {
    /// Which quantity is bounded.
    pub form: Form,
    /// The process.
    pub process: Process,
    /// Smallest time that is trained, above 0: the denoising loss has an infinite variance at 0.
    #[default(1e-3)]
    pub t_min: f64,
    /// Largest time, at most 1.
    #[default(Process::HORIZON)]
    pub t_max: f64,
    /// How the time of a sample is drawn.
    pub sampling: Sampling,
    /// Weight of the times.
    pub weighting: Weighting,
    /// Factor of the term in the energy's objective: a number, or one that changes over the run. Reported values carry no
    /// factor.
    #[default(Scheduled::Constant(1.0))]
    pub weight: Scheduled,
    /// How far E(x, t) is from solving the Fokker-Planck equation, as a further term.
    pub fokker_planck: RegularizerConfig,
}

/// Which quantity is bounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Form {
    /// KL(p_g || p_theta): `1/2 int g^2 E || grad E(x_t, t) - n/s ||^2 dt`. An upper bound of L needs ceil(H) besides.
    #[default]
    Divergence,
    /// The cross-entropy E_pg[-log p_theta], hence log Z: the same less what does not depend on E, and the end of the
    /// process. It needs no entropy, and trains the energy with the same gradient.
    CrossEntropy,
}

/// How the time of a sample is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Sampling {
    /// Uniformly.
    Uniform,
    /// With density proportional to g^2/s^2, the size of the likelihood-weighted loss: far less variance.
    #[default]
    Importance,
}

/// Weight of the times in the loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Weighting {
    /// g^2: the value is the likelihood bound.
    #[default]
    Likelihood,
    /// s^2: every noise level counts alike. No bound.
    Variance,
}

/// A term that pulls E(x, t) towards a solution of the Fokker-Planck equation: the variance over x of the residual, relative
/// to the rate g^2/s^2.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct RegularizerConfig {
    /// Factor of the term in the energy's objective. 0: it is only reported.
    pub weight: f64,
    /// Step of the difference quotient for the Laplacian in the trained term, in units of s(t).
    #[default(0.05)]
    pub step: f64,
    /// Random directions for the Laplacian. 0: all D axes. From 2 on, the residuals by one half of them and by the other are
    /// multiplied, which leaves their expectation alone; the square of what a single direction says is too large.
    pub probes: usize,
    /// Reach off the samples, at least 1. One point of each pair is drawn from the diffusion at a later time t' instead, with
    /// s(t') = min(s(t_max), rho s(t)) and ln rho uniform on [0, ln spread]. 1: both points are those of time t.
    #[default(1.0)]
    pub spread: f64,
    /// Noise level s(t) up to which a time counts in full; from there on its weight falls, to 0 at twice the level. 0: all times
    /// count alike.
    pub until: f64,
}

impl RegularizerConfig {
    /// The weight of a time with noise `s`.
    pub(crate) fn weight_at(&self, s: f64) -> f64 {
        if self.until > 0.0 { (2.0 - s / self.until).clamp(0.0, 1.0) } else { 1.0 }
    }
}

impl UpperBoundSpec for DiffusionConfig {
    fn check(&self) -> Result<(), ConfigError> {
        self.process.check().map_err(|e| e.within("process"))?;
        let &Self { t_min, t_max, fokker_planck: regularizer, .. } = self;
        ConfigError::require(t_max > 0.0 && t_max <= Process::HORIZON, "t_max", t_max, "a time in (0, 1]")?;
        let expected = format!("a time above 0 and below t_max = {t_max}");
        ConfigError::require(t_min > 0.0 && t_min < t_max, "t_min", t_min, &expected)?;
        self.weight.check_not_negative("weight")?;
        ConfigError::require_not_negative("fokker_planck.weight", regularizer.weight)?;
        let step = regularizer.step;
        ConfigError::require(step > 0.0 && step <= 1.0, "fokker_planck.step", step, "a number in (0, 1]")?;
        let spread = regularizer.spread;
        let far = spread >= 1.0 && spread.is_finite();
        ConfigError::require(far, "fokker_planck.spread", spread, "a finite number >= 1")?;
        ConfigError::require_not_negative("fokker_planck.until", regularizer.until)
    }

    fn size(&self, dimensions: Dimensions) -> Option<Size> {
        let ([_, wide, _], regularizer) = (dimensions.numbers(), self.fokker_planck);
        // What is only reported goes without the difference quotient.
        let pass = match regularizer.weight > 0.0 {
            true => {
                let (paired, probes) = (dimensions.batch / 2 * 2, regularizer.probes.max(1));
                // The directions, and a point to both sides along each.
                Amount::new(3.0 * paired as f64 * probes as f64 * wide, "fokker_planck.probes")
            }
            false => Amount::NONE,
        };
        Some(Size { parameters: Amount::NONE, pass })
    }

    fn build<G: Geometry>(&self, _geometry: G, _random: Random) -> Result<Box<dyn UpperBound<G>>, ConfigError> {
        Ok(Box::new(Diffusion::new(self.clone())))
    }
}

register_upper_bound!(
    DiffusionConfig,
    name: "diffusion",
    summary: "diffusion: a denoising score loss for a time-conditional energy on generated samples",
    reference: "Geng et al., IJCV 2025; Song et al., NeurIPS 2021 (likelihood weighting)",
    guarantee: Level::Certified,
    needs: &[Need::TimeConditionalEnergy],
);

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::diffusion::Vp;

    #[test]
    fn unusable_values_are_refused_by_key() {
        let key = |c: DiffusionConfig| c.check().unwrap_err().key;
        let base = DiffusionConfig::default;
        assert!(base().check().is_ok());
        assert_eq!(key(DiffusionConfig { t_min: 0.0, ..base() }), "t_min");
        assert_eq!(key(DiffusionConfig { t_min: 1.0, ..base() }), "t_min");
        assert_eq!(key(DiffusionConfig { t_max: 1.5, ..base() }), "t_max");
        assert_eq!(key(DiffusionConfig { weight: f64::NAN.into(), ..base() }), "weight");
        let process = Process::Vp(Vp { beta_min: -1.0, beta_max: 20.0 });
        assert_eq!(key(DiffusionConfig { process, ..base() }), "process.vp");
        let fokker_planck = RegularizerConfig { step: 0.0, ..Default::default() };
        assert_eq!(key(DiffusionConfig { fokker_planck, ..base() }), "fokker_planck.step");
        let fokker_planck = RegularizerConfig { spread: 0.5, ..Default::default() };
        assert_eq!(key(DiffusionConfig { fokker_planck, ..base() }), "fokker_planck.spread");
        let fokker_planck = RegularizerConfig { until: -0.1, ..Default::default() };
        assert_eq!(key(DiffusionConfig { fokker_planck, ..base() }), "fokker_planck.until");
    }

    #[test]
    fn the_size_is_that_of_the_points_of_a_trained_quotient() {
        let of = |weight| {
            let fokker_planck = RegularizerConfig { weight, probes: 7, ..Default::default() };
            let config = DiffusionConfig { fokker_planck, ..Default::default() };
            config.size(Dimensions { latent: 1, data: 4, batch: 11 }).unwrap().pass
        };
        assert_eq!(of(0.0), Amount::NONE);
        assert_eq!(of(0.1), Amount::new(3.0 * 10.0 * 7.0 * 4.0, "fokker_planck.probes"));
    }
}
