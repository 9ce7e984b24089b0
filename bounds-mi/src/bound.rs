//! The bound itself.

use dfdx::prelude::{HasShape, SplitTape};
use ebm_core::bounds::{Estimate, GeneratorView, LowerBound, Measurement};
use ebm_core::device::{Real, Scalar, values};
use ebm_core::error::{BoundError, ConfigError};
use ebm_core::geometry::{Geometry, Samples};
use ebm_core::kernels::normal::log_density;
use ebm_core::kernels::{differentiated, differentiated_by};
use ebm_core::models::closed_form::standard_normal_entropy;
use ebm_core::network::Network;
use ebm_core::optimizer::AdamConfig;
use ebm_core::parameter::{Module, Parameter};
use ebm_core::random::Random;
use ebm_core::tape::{Parts, SharedTape};

use crate::ceiling::gaussian_cross_entropy;
use crate::config::{Estimator, MiConfig, Product};
use crate::critic::{Partners, critic_values};
use crate::encoder::encode;
use crate::estimators::{Differentiated, LOG_VARIANCE, Pairs, dv, infonce, jsd, nwj};
use crate::guarantee;

/// `floor(H) = floor(I(x; z)) + H[sigma n]` with a critic or an encoder.
pub struct MutualInformation<G: Geometry> {
    config: MiConfig,
    geometry: G,
    /// T(x, z), or x to mean and log-variance of z.
    network: Network,
}

/// A value of the mutual information: on the tape, and as figures.
struct Information {
    taped: Scalar<SharedTape>,
    value: f64,
    standard_error: f64,
    diagnostics: Vec<(&'static str, f64)>,
}

impl<G: Geometry> MutualInformation<G> {
    /// The bound with checked options, and a network with weights drawn from `random`.
    pub fn new(config: MiConfig, geometry: G, random: Random) -> Self {
        let (d, wide) = (geometry.latent_width(), geometry.data_width());
        let network = match config.estimator {
            Estimator::BarberAgakov => config.encoder.build(wide, 2 * d, "encoder.", random.stream("encoder")),
            _ => config.critic.build(wide + d, 1, "critic.", random.stream("critic")),
        };
        Self {
            config,
            geometry,
            network,
        }
    }

    fn encoded(&self, view: &GeneratorView<'_, G>, x: Samples<G, SharedTape>) -> Information {
        let outputs = encode::<G>(&self.network, x);
        let d = self.geometry.latent_width();
        // What `estimators::barber_agakov` says of plain numbers.
        let (log_densities, slopes) = log_density(&outputs.retaped(), view.latents, LOG_VARIANCE);
        let constant = standard_normal_entropy(d);
        let figures = Measurement::of(log_densities.read(), guarantee::floor(self.config.estimator, false));
        Information {
            taped: differentiated_by(outputs, figures.value + constant, slopes),
            value: figures.value + constant,
            standard_error: figures.standard_error,
            diagnostics: Vec::new(),
        }
    }

    fn criticised(&self, view: &GeneratorView<'_, G>, x: Samples<G, SharedTape>) -> Result<Information, BoundError> {
        let (pairs, partners) = self.pairs(view)?;
        let taped = critic_values::<G>(&self.network, x, &pairs, &partners);
        let all = doubles(values(&taped));
        let (joint, product) = all.split_at(pairs.samples);
        let estimator = match self.config.estimator {
            Estimator::Nwj => nwj,
            Estimator::Dv => dv,
            Estimator::Infonce => infonce,
            Estimator::Jsd | Estimator::BarberAgakov => jsd,
        };
        let found: Differentiated = estimator(joint, product, &pairs);
        let mut diagnostics = Vec::new();
        match self.config.estimator {
            Estimator::Infonce => diagnostics.push(("cap", pairs.cap())),
            Estimator::Jsd => {
                let one_more = |values: &[f64]| values.iter().map(|t| t + 1.0).collect::<Vec<_>>();
                let certified = nwj(&one_more(joint), &one_more(product), &pairs).value;
                diagnostics.extend(certified.is_finite().then_some(("nwj", certified)));
            }
            _ => {}
        }
        let slopes = [found.joint, found.product].concat();
        Ok(Information {
            taped: differentiated(taped, found.value, reals(slopes)),
            value: found.value,
            standard_error: found.standard_error,
            diagnostics,
        })
    }

    /// The pairs, and the latents that they are of.
    ///
    /// A shift goes over the whole batch, also where this process has a share of its samples: the pairs of all processes are
    /// those that one process would form. For the standard error a latent of another process counts as one of this one's.
    fn pairs<'a>(&self, view: &GeneratorView<'a, G>) -> Result<(Pairs, Partners<'a, G>), BoundError> {
        let (batch, (latents, first)) = (view.batch(), view.whole_latents());
        let partners = |pairs: &Pairs, shift: Option<(usize, usize)>| {
            let row = |r: usize| match shift {
                Some((offset, whole)) => (first + pairs.x[r] + offset) % whole,
                None => first + pairs.z[r],
            };
            let of_pairs = (0..pairs.z.len()).map(row).collect();
            Partners {
                latents,
                first,
                of_pairs,
            }
        };
        if batch < 2 {
            return Err(BoundError::unsupported(
                "mi",
                "one sample has no other to be paired with",
                "use a batch of at least 2",
            ));
        }
        if self.config.estimator == Estimator::Infonce || self.config.product == Product::AllPairs {
            let pairs = Pairs::all(batch, self.config.group);
            let partners = partners(&pairs, None);
            return Ok((pairs, partners));
        }
        let whole = latents.shape().0;
        let place = f64::from(view.random.whole().stream("shift").uniforms(1)[0]);
        let offset = (1 + (place * (whole - 1) as f64) as usize).min(whole - 1);
        let pairs = Pairs::shifted(batch, 1 + (offset - 1) % (batch - 1));
        let partners = partners(&pairs, Some((offset, whole)));
        Ok((pairs, partners))
    }

    /// `H[sigma n] = D/2 ln(2 pi e sigma^2)`.
    fn noise_entropy(&self, sigma: f64) -> f64 {
        let wide = self.geometry.data_width();
        standard_normal_entropy(wide) + wide as f64 * sigma.ln()
    }
}

/// Whether the samples of this batch depend on each other's latents.
fn is_coupled<G: Geometry>(view: &GeneratorView<'_, G>) -> bool {
    view.generator.facts().couples_batch && view.tape.trains(Parts::GENERATOR)
}

fn doubles(values: Vec<Real>) -> Vec<f64> {
    values.into_iter().map(f64::from).collect()
}

fn reals(values: Vec<f64>) -> Vec<Real> {
    values.into_iter().map(|v| v as Real).collect()
}

impl<G: Geometry> Module for MutualInformation<G> {
    fn parameters(&self) -> Vec<&Parameter> {
        self.network.parameters()
    }
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        self.network.parameters_mut()
    }
    fn commit(&mut self) {
        self.network.commit();
    }
}

impl<G: Geometry> LowerBound<G> for MutualInformation<G> {
    fn entropy(&mut self, view: &GeneratorView<'_, G>) -> Result<Estimate, BoundError> {
        let sigma = view.generator.facts().noise;
        if sigma == 0.0 {
            return Err(BoundError::unsupported(
                "mi",
                "the generator adds no noise, so the entropy of a sample given its latent is minus infinity",
                "set generator.noise above 0, or use the lower bound \"sv\"",
            ));
        }
        let x = view.generated();
        let found = match self.config.estimator {
            Estimator::BarberAgakov => self.encoded(view, x),
            _ => self.criticised(view, x)?,
        };
        let noise = self.noise_entropy(sigma);
        let value = found.taped + view.of_noise(noise, self.geometry.data_width() as f64 / sigma);
        let claim = guarantee::floor(self.config.estimator, is_coupled(view));
        let mut measurement = Measurement::new(found.value + noise, found.standard_error, view.batch(), claim)
            .with("mutual_information", found.value)
            .with("noise_entropy", noise)
            .with("sigma", sigma);
        for (name, information) in found.diagnostics {
            measurement = measurement.with(name, information + noise);
        }
        Ok(Estimate::new(value, measurement))
    }

    fn accepts_batch(&self, batch: usize) -> Result<(), ConfigError> {
        let MiConfig { estimator, group, .. } = self.config;
        ConfigError::require(
            estimator != Estimator::Infonce || batch >= group,
            "group",
            group,
            &format!(
                "at most train.batch = {batch}: infonce is capped by ln(group), and the batch has no more to pair"
            ),
        )
    }

    fn coupling(&self, samples: usize) -> Option<&'static str> {
        let MiConfig {
            estimator,
            product,
            group,
            ..
        } = self.config;
        match (estimator, product) {
            (Estimator::BarberAgakov, _) => None,
            (Estimator::Dv, _) => Some("dv has the logarithm of a mean over each process's samples"),
            (Estimator::Infonce, _) | (_, Product::AllPairs) => {
                // Whole groups, one process after the other, are the groups of one process.
                let whole_groups = samples.is_multiple_of(group);
                (!whole_groups).then_some("its groups of samples are formed within each process")
            }
            (Estimator::Jsd | Estimator::Nwj, Product::Permutation) => None,
        }
    }

    fn lambda(&self) -> f64 {
        self.config.lambda
    }

    fn optimizer(&self) -> Option<&AdamConfig> {
        Some(&self.config.optimizer)
    }

    fn entropy_ceiling(&mut self, view: &GeneratorView<'_, G>) -> Result<Option<Measurement>, BoundError> {
        let (x, _) = view.generated().split_tape();
        let surprise = gaussian_cross_entropy(&doubles(values(&x)), self.geometry.data_width());
        let claim = guarantee::ceiling(is_coupled(view));
        Ok(surprise.map(|surprise| Measurement::of(surprise, claim)))
    }
}
