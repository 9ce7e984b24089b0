use ebm_core::{network::Network, prelude::*};

use crate::config::MiConfig;
use crate::critic::{Partners, critic_values};
use crate::estimators::{OfCritic, Pairs, Value, Weights};
use crate::information::{Information, doubles, log_joint, of_bank, of_encoder};
use crate::upper_bound::gaussian_cross_entropy;

/// `floor(H) = floor(I(x; z)) + H[sigma n]` with a critic, an encoder, or the known density of x given z.
pub struct MutualInformation<G: Geometry> {
    config: MiConfig,
    geometry: G,
    /// T(x, z), or x to the parameters of a Gaussian over z; `None` where nothing is learned.
    network: Option<Network>,
}

impl<G: Geometry> MutualInformation<G> {
    /// The bound with checked options, and a network with weights drawn from `random`.
    pub fn new(config: MiConfig, geometry: G, random: Random) -> Self {
        let (d, wide) = (geometry.latent_width(), geometry.data_width());
        let network = match config.estimator.method().value {
            Value::Encoder | Value::EncoderDraws => Some(config.encoder.build(wide, d, random.stream("encoder"))),
            Value::Critic(_) => Some(config.critic.build(wide + d, 1, "critic.", random.stream("critic"))),
            Value::Bank => None,
        };
        Self { config, geometry, network }
    }

    fn criticised(
        &self,
        view: &GeneratorView<'_, G>,
        x: Samples<G, SharedTape>,
        critic: &Network,
        estimate: OfCritic,
    ) -> Result<Information, BoundError> {
        let (pairs, partners) = self.pairs(view)?;
        let taped = critic_values::<G>(critic, &x, &view.tape, &pairs, &partners);
        let all = doubles(values(&taped));
        let (joint, product) = all.split_at(pairs.samples);
        let method = self.config.estimator.method();
        let found = estimate(joint, product, &pairs);
        let slopes = [found.joint, found.product].concat();
        let weights = method.normaliser.map(|of| Weights::new(joint, product, of(product, &pairs), &pairs));
        // Whole groups of any part of a batch are the groups of the whole.
        let splits = self.config.forms_groups() && !pairs.samples.is_multiple_of(self.config.group);
        Ok(Information {
            taped: differentiated(taped, found.value, slopes.into_iter().map(|v| v as Real).collect()),
            value: found.value,
            standard_error: found.standard_error,
            diagnostics: (method.diagnostics)(joint, product, &pairs),
            terms: Vec::new(),
            coupling: method.coupling.or(splits.then_some("its groups of samples are formed within a batch")),
            weights,
        })
    }

    /// The pairs, and the latents that they refer to.
    ///
    /// A shift goes over the whole batch, also where this evaluation has some of its samples only. For the standard error a
    /// latent of another sample of the batch counts as one of these.
    fn pairs<'a>(&self, view: &GeneratorView<'a, G>) -> Result<(Pairs, Partners<'a, G>), BoundError> {
        let (batch, (latents, own)) = (view.batch(), view.batch_latents());
        if batch < 2 {
            return Err(BoundError::unsupported(
                "mi",
                "one sample has no other to be paired with",
                "use a batch of at least 2",
            ));
        }
        let (pairs, of_pairs) = match self.config.forms_groups() {
            true => {
                let pairs = Pairs::all(batch, self.config.group);
                let of_pairs = pairs.z.iter().map(|z| own.start + z).collect();
                (pairs, of_pairs)
            }
            false => {
                let whole = rows(latents);
                let place = f64::from(view.random.whole().stream("shift").uniforms(1)[0]);
                let offset = (1 + (place * (whole - 1) as f64) as usize).min(whole - 1);
                let pairs = Pairs::shifted(batch, 1 + (offset - 1) % (batch - 1));
                let of_pairs = pairs.x.iter().map(|x| (own.start + x + offset) % whole).collect();
                (pairs, of_pairs)
            }
        };
        let partners = Partners { latents, own, of_pairs };
        Ok((pairs, partners))
    }

    /// `H[sigma n] = D/2 ln(2 pi e sigma^2)`.
    fn noise_entropy(&self, sigma: f64) -> f64 {
        let wide = self.geometry.data_width();
        standard_normal_entropy(wide) + wide as f64 * sigma.ln()
    }
}

/// The claim, or a weaker one where the samples of this batch depend on each other's latents.
fn unless_coupled<G: Geometry>(view: &GeneratorView<'_, G>, claim: Guarantee) -> Guarantee {
    match view.generator.facts().couples_batch && view.tape.trains(Parts::GENERATOR) {
        true => Guarantee::heuristic("batch-norm in training: a sample depends on the other latents of its batch"),
        false => claim,
    }
}

ebm_core::module!([G: Geometry] MutualInformation<G>: network);

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
        let method = self.config.estimator.method();
        let covariance = self.config.encoder.covariance;
        let found = match (&self.network, &method.value) {
            (None, _) | (_, Value::Bank) => of_bank(view, x, self.config.samples),
            (Some(encoder), Value::Encoder) => of_encoder(view, x, encoder, covariance, 0),
            (Some(encoder), Value::EncoderDraws) => of_encoder(view, x, encoder, covariance, self.config.draws),
            (Some(critic), Value::Critic(estimate)) => self.criticised(view, x, critic, *estimate)?,
        };
        let noise = self.noise_entropy(sigma);
        let value = found.taped + view.noise_entropy();
        let claim = (method.guarantee)();
        let claim = found.weights.map_or(claim.clone(), |weights| weights.limit(claim));
        let claim = unless_coupled(view, claim);
        let mut measurement = Measurement::new(found.value + noise, found.standard_error, view.batch(), claim)
            .with("mutual_information", found.value)
            .with("noise_entropy", noise)
            .with("sigma", sigma);
        for (name, information) in found.diagnostics {
            measurement = measurement.with(name, information + noise);
        }
        if let Some(weights) = found.weights.filter(|weights| weights.effective_pairs.is_finite()) {
            measurement = measurement.with("effective_pairs", weights.effective_pairs);
        }
        let mut estimate = Estimate::new(value, measurement);
        estimate.coupling = found.coupling.map(Into::into);
        Ok(estimate)
    }

    /// With an encoder `r(z given x) / (p(z) p(x given z))`, or the inverse of their mean over its draws; with a bank the inverse of
    /// the mean density, its own latent's included, which is that of a sample of the mixture.
    fn log_inverse_densities(&self, view: &GeneratorView<'_, G>) -> Result<Option<Vec<f64>>, BoundError> {
        let facts = view.generator.facts();
        if facts.noise == 0.0 || facts.couples_batch {
            return Ok(None);
        }
        let view = view.without_tape();
        let x = view.generated();
        let (plain, covariance) = (detach(x.clone()), self.config.encoder.covariance);
        let of_draws = |encoder, draws| {
            let terms = of_encoder(&view, x.clone(), encoder, covariance, draws).terms;
            terms.into_iter().zip(log_joint(&view, &plain)).map(|(term, joint)| term - joint).collect()
        };
        Ok(match (&self.network, &self.config.estimator.method().value) {
            (Some(encoder), Value::Encoder) => Some(of_draws(encoder, 0)),
            (Some(encoder), Value::EncoderDraws) => Some(of_draws(encoder, self.config.draws)),
            (_, Value::Bank) => Some(of_bank(&view, x.clone(), self.config.samples).terms),
            _ => None,
        })
    }

    fn accepts_batch(&self, batch: usize) -> Result<(), ConfigError> {
        let group = self.config.group;
        ConfigError::require(
            !self.config.estimator.method().compares_groups || batch >= group,
            "group",
            group,
            &format!(
                "at most train.batch = {batch}: infonce is capped by ln(group), and the batch has no more to pair"
            ),
        )
    }

    fn entropy_upper_bound(&mut self, view: &GeneratorView<'_, G>) -> Result<Option<Measurement>, BoundError> {
        let samples = doubles(values(&view.generated()));
        let claim = Guarantee::certified("cross-entropy with Gaussians fitted to other samples, for any distribution");
        let surprise = gaussian_cross_entropy(&samples, self.geometry.data_width());
        Ok(surprise.map(|surprise| Measurement::of(surprise, unless_coupled(view, claim))))
    }
}
