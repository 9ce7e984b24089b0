use ebm_core::jacobian::log_mean_square;
use ebm_core::prelude::*;

use crate::config::{SvConfig, Variant};
use crate::encoder::Encoder;
use crate::guarantee;
use crate::log_det::LogDet;

/// `T = H[sigma n] + E[1/2 ln det A]`, A = I + J'J / sigma^2, for generators with noise; with an encoder m of samples,
///
/// ```text
/// H[p_g] >= H[sigma n] + 1/2 E ln det A + d/2 - d ln tau - 1/(2 tau^2) E[r'A r],     r = z - m(x), A at m(x)
/// ```
///
/// which is the bound of Barber and Agakov (NeurIPS 2003) for the posterior N(m(x), tau^2 A^-1), and holds for every m and tau.
pub struct NoiseFloor<G: Geometry> {
    config: SvConfig,
    geometry: G,
    encoder: Option<Encoder>,
}

impl<G: Geometry> NoiseFloor<G> {
    /// The bound with checked options; an encoder's weights are drawn from `random`.
    pub fn new(config: SvConfig, geometry: G, random: Random) -> Self {
        let encoder = (config.variant == Variant::EncoderFloor).then(|| Encoder::new(&config, geometry, random));
        Self { config, geometry, encoder }
    }

    /// `H[sigma n]`, if there is noise.
    fn noise_entropy(&self, view: &GeneratorView<'_, G>) -> Result<f64, BoundError> {
        let (wide, sigma) = (self.geometry.data_width(), view.generator.facts().noise);
        if sigma == 0.0 {
            return Err(BoundError::unsupported(
                "sv",
                format!("variant = {:?} needs noise, and the generator adds none", self.config.variant.name()),
                "set generator.noise above 0, or lower.variant = \"log-det\"",
            ));
        }
        Ok(standard_normal_entropy(wide) + wide as f64 * sigma.ln())
    }
}

ebm_core::module!([G: Geometry] NoiseFloor<G>: encoder);

impl<G: Geometry> LowerBound<G> for NoiseFloor<G> {
    fn entropy(&mut self, view: &GeneratorView<'_, G>) -> Result<Estimate, BoundError> {
        let noise = self.noise_entropy(view)?;
        let couples = view.generator.facts().couples_batch && view.tape.trains(Parts::GENERATOR);
        let Some(encoder) = &mut self.encoder else {
            let volume = LogDet::new(&self.config, view, view.tape.watch(view.latents));
            let claim = guarantee::noise_floor(view.generator.facts());
            let measured = Measurement::of(volume.values.iter().map(|value| value + noise), claim);
            let value = differentiated(volume.taped.clone() + view.noise_entropy(), measured.value, vec![1.0]);
            return Ok(explained(Estimate::new(value, measured), &volume));
        };
        let means = encoder.means(view);
        let volume = LogDet::new(&self.config, view, means.clone());
        let errors = encoder.errors(view, means);
        let (d, tau_square) = (self.geometry.latent_width() as f64, encoder.tau_square());
        let term = |tau_square: f64, error: f64| 0.5 * (d * (1.0 - tau_square.ln()) - error / tau_square);
        let each = volume.values.iter().zip(&errors.values);
        let each = each.map(|(volume, error)| noise + volume + term(tau_square, *error));
        let measured = Measurement::of(each, guarantee::encoder_floor(couples))
            .with("tau_square", tau_square)
            .with("encoder_error", errors.mean);

        // With the batch's best tau^2, E[r'A r]/d, the derivative in it vanishes: it may be held fixed.
        let trained = encoder.trained_tau_square(&errors);
        let taped = volume.taped.clone() + view.noise_entropy() + errors.taped * (-0.5 * d / trained) as Real;
        let value = noise + average(&volume.values) + term(trained, d * errors.mean);
        let estimate = explained(Estimate::new(differentiated(taped, value, vec![1.0]), measured), &volume);
        Ok(match encoder.is_running() {
            true => estimate.coupled("its tau is the best one of a batch"),
            false => estimate,
        })
    }

    fn entropy_upper_bound(&mut self, view: &GeneratorView<'_, G>) -> Result<Option<Measurement>, BoundError> {
        let (noise, d, sigma) =
            (self.noise_entropy(view)?, self.geometry.latent_width() as f64, view.generator.facts().noise);
        // 1/2 ln det A <= d/2 ln(1 + ||J||^2 / (d sigma^2)), by the inequality of the means.
        let values = log_mean_square(view.generator, view.latents).into_iter();
        let values = values.map(|value| noise + 0.5 * d * ((2.0 * value / d).exp() / (sigma * sigma)).ln_1p());
        Ok(Some(Measurement::of(values, guarantee::noise_floor_upper_bound())))
    }
}

/// The estimate with the mean of its volume term, and where that is by quadrature, the mean of Gauss's rule.
fn explained(estimate: Estimate, volume: &LogDet) -> Estimate {
    let estimate = estimate.with("volume", average(&volume.values));
    match &volume.upper {
        Some(upper) => estimate.with("volume_upper", average(upper)),
        None => estimate,
    }
}

fn average(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
