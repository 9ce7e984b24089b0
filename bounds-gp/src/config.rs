use ebm_core::prelude::*;
use ebm_core::registry::{Amount, Dimensions, Size, UpperBoundSpec};
use ebm_core::schedule::Scheduled;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use crate::{GradientPenalty, Score};

/// The upper bound by gradient penalty: `relu(weight * E[N(r)] - margin)`, r the residual of grad E against -grad log p_g.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct GpConfig {
    /// Where the residual lives, and what its size means.
    pub form: Form,
    /// The norm N of the residual.
    pub norm: Norm,
    /// Random projections of the residual a sample. 0: the whole residual, from d pushforwards a sample.
    #[default(1)]
    pub projections: usize,
    /// The gradient of the generator's log-density that the energy's is compared with.
    pub score: Score,
    /// The volume term of log p_g(G(z)) = log p0(z) - volume.
    pub volume: Volume,
    /// Weight M of the penalty: a number, or one that changes over the run.
    #[default(Scheduled::Constant(1e-3))]
    pub weight: Scheduled,
    /// Margin zeta: the weighted batch mean is trained down to this value only.
    pub margin: f64,
    /// Decay of the weight over the iterations, a factor of its schedule.
    pub decay: Decay,
}

/// Where the residual lives, and what its size means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Form {
    /// r = J^T grad_x E + grad_z log p_g in latent space: what the papers train.
    #[default]
    Latent,
    /// r = grad_x E + grad_x log p_g in data space, within the image of G.
    Data,
    /// ||r||^2 / (2 rho) in data space, rho the energy's log-Sobolev constant: a certified bound of the divergence.
    /// `norm`, `projections`, `weight`, `margin` and `decay` do not apply.
    LogSobolev,
}

/// The norm of the residual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Norm {
    /// ||r||^2 / 2
    #[default]
    Squared,
    /// ||r||
    Euclidean,
    /// (sum |r_i|^p)^(1/p)
    P(f64),
}

/// The volume term of the generator's log-density.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Volume {
    /// None: log p_g is taken for log p0.
    None,
    /// d log s_1, as in the lower bound `sv` with variant `smallest`, from the whole Jacobian.
    #[default]
    Smallest,
    /// The same from as many steps of the iterative solver, each with random vectors to start from: for many latents, where
    /// the whole Jacobian would take too much time and memory.
    Iterative {
        /// Products with J^T J a step at most.
        steps: usize,
    },
    /// 1/2 log det(J^T J): the exact one.
    LogDet,
}

impl Volume {
    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Smallest => "smallest",
            Self::Iterative { .. } => "iterative",
            Self::LogDet => "log-det",
        }
    }
}

/// How the weight falls over the iterations t.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Decay {
    /// It does not.
    #[default]
    None,
    /// weight * 2^(-t / half_life)
    Exponential {
        /// Iterations in which the weight halves.
        half_life: f64,
    },
    /// weight * scale * (offset + t)^-exponent. The released code of the papers has scale 0.7, offset 2307 and exponent
    /// 0.55, with weight 1.
    Power {
        /// Factor.
        scale: f64,
        /// Iterations added to t.
        offset: f64,
        /// Exponent.
        exponent: f64,
    },
}

impl Decay {
    /// The factor of the weight at an iteration.
    pub fn factor(&self, step: u64) -> f64 {
        let t = step as f64;
        match *self {
            Self::None => 1.0,
            Self::Exponential { half_life } => (-t / half_life).exp2(),
            Self::Power { scale, offset, exponent } => scale * (offset + t).powf(-exponent),
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        match *self {
            Self::None => Ok(()),
            Self::Exponential { half_life } => ConfigError::require_positive("decay.exponential.half_life", half_life),
            Self::Power { scale, offset, exponent } => {
                ConfigError::require_positive("decay.power.scale", scale)?;
                ConfigError::require_positive("decay.power.offset", offset)?;
                ConfigError::require_positive("decay.power.exponent", exponent)
            }
        }
    }
}

impl UpperBoundSpec for GpConfig {
    fn needs(&self) -> &'static [Need] {
        match (self.score, self.volume) {
            (Score::MultiSample { .. }, _) => &[Need::Noise],
            (Score::Latent, Volume::None) => &[],
            (Score::Latent, _) => &[Need::FullRank],
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.weight.check_not_negative("weight")?;
        ConfigError::require_not_negative("margin", self.margin)?;
        self.decay.check()?;
        self.score.check()?;
        ConfigError::require(
            self.score == Score::Latent || self.form != Form::LogSobolev,
            "score",
            "multi-sample",
            "\"latent\" with form \"log-sobolev\": a score that is estimated certifies nothing",
        )?;
        if let Norm::P(p) = self.norm {
            ConfigError::require(p >= 1.0 && p.is_finite(), "norm.p", p, "a finite number >= 1")?;
        }
        if let Volume::Iterative { steps } = self.volume {
            ConfigError::require(steps > 0, "volume.iterative.steps", steps, "a number > 0")?;
        }
        ConfigError::require(
            self.projections == 0 || self.norm == Norm::Squared,
            "projections",
            self.projections,
            "0 (the whole residual) with any norm but \"squared\": only the squared norm is the mean of its projections",
        )
    }

    fn size(&self, dimensions: Dimensions) -> Option<Size> {
        let [d, wide, batch] = dimensions.numbers();
        let pushed = match (self.form, self.projections, self.score) {
            (Form::Latent, projections @ 1.., _) => Amount::new(batch * projections as f64 * (d + wide), "projections"),
            (Form::Data, _, Score::MultiSample { .. }) => Amount::NONE,
            // The whole Jacobian.
            (Form::Latent, ..) => Amount::new(batch * d * wide, "projections"),
            _ => Amount::new(batch * d * wide, "form"),
        };
        let bank = match self.score {
            // The bank, and the weights of its latents at every sample.
            Score::MultiSample { samples } => {
                Amount::new(samples as f64 * (d + wide + batch), "score.multi-sample.samples")
            }
            Score::Latent => Amount::NONE,
        };
        Some(Size { parameters: Amount::NONE, pass: pushed.max(bank) })
    }

    fn build<G: Geometry>(&self, geometry: G, _random: Random) -> Result<Box<dyn UpperBound<G>>, ConfigError> {
        let (d, wide) = (geometry.latent_width(), geometry.data_width());
        ConfigError::require(
            d == wide || self.form != Form::LogSobolev,
            "form",
            "log-sobolev",
            &format!("as many latent as data dimensions, not {d} and {wide}"),
        )?;
        ConfigError::require(
            d <= wide || self.score != Score::Latent || (self.form == Form::Latent && self.volume == Volume::None),
            "volume",
            self.volume.name(),
            &format!("volume \"none\" and form \"latent\": with {d} > {wide} the Jacobian is singular"),
        )?;
        Ok(Box::new(GradientPenalty::new(self.clone())))
    }
}

register_upper_bound!(
    GpConfig,
    name: "gp",
    summary: "gradient penalty: the energy's gradient against that of the generator's log-density",
    reference: "Geng et al., \"Bounds all around\", NeurIPS 2021, Theorem 1; margin: IJCV 2025, Eq. 33",
    guarantee: Level::Certified,
    needs: &[Need::Jacobian],
    // The log-Sobolev constant depends on the energy's weights, and is held fixed.
    approximate_gradient: ["form.log-sobolev"],
);

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::geometry::Runtime;

    #[test]
    fn unusable_values_are_refused_by_key() {
        let base = GpConfig::default;
        let odd = [
            (GpConfig { weight: Scheduled::Constant(-1.0), ..base() }, "weight"),
            (GpConfig { margin: f64::INFINITY, ..base() }, "margin"),
            (GpConfig { norm: Norm::P(0.5), projections: 0, ..base() }, "norm.p"),
            (GpConfig { norm: Norm::Euclidean, ..base() }, "projections"),
            (GpConfig { score: Score::MultiSample { samples: 0 }, ..base() }, "score.multi-sample.samples"),
            (GpConfig { score: Score::MultiSample { samples: 8 }, form: Form::LogSobolev, ..base() }, "score"),
        ];
        for (config, key) in odd {
            assert_eq!(config.check().unwrap_err().key, key);
        }
        let tall = GpConfig { form: Form::LogSobolev, ..Default::default() };
        let error = tall.build(Runtime { latent: 1, data: 2 }, Random::new(0)).err().unwrap();
        assert_eq!(error.key, "form");
        let wide = Runtime { latent: 3, data: 2 };
        assert_eq!(base().build(wide, Random::new(0)).err().unwrap().key, "volume");
        let noisy = GpConfig { score: Score::MultiSample { samples: 8 }, ..base() };
        assert!(noisy.build(wide, Random::new(0)).is_ok());
    }

    #[test]
    fn the_size_is_that_of_directions_of_the_jacobian_or_of_a_bank() {
        let of = |config: GpConfig| config.size(Dimensions { latent: 3, data: 7, batch: 10 }).unwrap().pass;
        let base = GpConfig::default;
        let bank = |samples| Score::MultiSample { samples };
        for (config, pass) in [
            (GpConfig { projections: 20, ..base() }, Amount::new(2000.0, "projections")),
            (GpConfig { projections: 0, ..base() }, Amount::new(210.0, "projections")),
            (GpConfig { form: Form::Data, ..base() }, Amount::new(210.0, "form")),
            (GpConfig { score: bank(50), ..base() }, Amount::new(1000.0, "score.multi-sample.samples")),
            (GpConfig { score: bank(1), form: Form::Data, ..base() }, Amount::new(20.0, "score.multi-sample.samples")),
        ] {
            assert_eq!(of(config), pass);
        }
        let most = of(GpConfig { projections: usize::MAX, ..base() });
        assert!(most.numbers > 1e20, "{most:?}");
    }

    #[test]
    fn the_decay_is_that_of_the_released_code() {
        let decay = Decay::Power { scale: 0.7, offset: 2307.0, exponent: 0.55 };
        // 0.7 * 2307^-0.55 = 0.7 * exp(-0.55 * 7.743703) = 0.0098964...
        assert!((decay.factor(0) - 0.7 * (-0.55 * 2307f64.ln()).exp()).abs() < 1e-15);
        assert!((decay.factor(0) - 0.009_896).abs() < 1e-5, "{}", decay.factor(0));
        assert_eq!(Decay::default().factor(10_000), 1.0);
        assert_eq!(Decay::Exponential { half_life: 100.0 }.factor(200), 0.25);
    }
}
