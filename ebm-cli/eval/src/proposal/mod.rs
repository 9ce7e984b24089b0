//! Laws with a known density that weights, or annealed chains, start from; and the generator as one.
//!
//! A [`Proposal`] has coordinates y in which it is N(0, I), and knows the model's density over y. For any of them
//!
//! ```text
//! flow without noise     w = exp(-E(x)) / p_g(x)
//! noise                  w = exp(-E(x)) r(z given x) / ( N(z; 0, I) N(x; G(z), sigma^2 I) )
//! ```
//!
//! have the expectation Z where the generator reaches everything, and never more, for every density r of latents given samples.
//! The logarithm of their mean is therefore a lower bound of log Z in expectation, and `1/a log mean(w^a)` for a > 1 an upper
//! one in the limit of many (CUBO: Dieng et al., NeurIPS 2017). Both see only where the generator goes.

mod encoder;
mod error;
mod extended;
mod flow;
mod local;

use ebm_core::{device::Real, geometry::Geometry, models::Energy, models::Generator, random::Random};

use encoder::Encoder;
pub use error::ProposalError;
use extended::Extended;
use flow::Flow;

#[cfg(test)]
mod tests;

/// Values of samples and columns of Jacobians that the weights of one evaluation are made from, at most.
const VALUES: usize = 1 << 23;
/// Weights of one evaluation: no more than these, and not fewer.
const WEIGHTS: std::ops::RangeInclusive<usize> = 256..=4096;

/// A law with coordinates y in which it is N(0, I), and a model in these coordinates.
pub(crate) trait Proposal {
    /// Number of coordinates.
    fn width(&self) -> usize;

    /// `-log` of the model's unnormalised density over y, `[B]`, up to [`log_volume`](Self::log_volume), and its gradients
    /// `[B, width]`, at points `[B, width]`.
    ///
    /// The gradients may be approximate: transitions with a Metropolis test leave the density invariant for any force.
    fn energies_and_forces(&self, y: &[Real]) -> (Vec<f64>, Vec<Real>);

    /// The part of the logarithm of the model's density over y that is the same everywhere.
    fn log_volume(&self) -> f64 {
        0.0
    }

    /// What the law is, in words: "from ...".
    fn describe(&self) -> String;
}

/// The generator as a proposal: its density where it has one, else that of samples and latents together.
///
/// # Errors
/// If it has neither.
pub(crate) fn of_generator<'a, G: Geometry>(
    energy: &'a dyn Energy<G>,
    generator: &'a dyn Generator<G>,
    random: Random,
) -> Result<Box<dyn Proposal + 'a>, ProposalError> {
    let (geometry, facts) = (generator.geometry(), generator.facts());
    let (latent, data) = (geometry.latent_width(), geometry.data_width());
    if facts.noise > 0.0 {
        let encoder = Encoder::new(generator, facts.noise, random);
        return Ok(Box::new(Extended { energy, generator, encoder, sigma: facts.noise }));
    }
    match facts.injective && latent == data {
        true => Ok(Box::new(Flow { energy, generator })),
        false => Err(ProposalError::NoDensity { latent, data }),
    }
}

/// Logarithms of up to `most` weights of the generator's own samples.
///
/// # Errors
/// If it has no density, or weights cost too much.
pub(crate) fn log_weights<G: Geometry>(
    energy: &dyn Energy<G>,
    generator: &dyn Generator<G>,
    most: usize,
    random: Random,
) -> Result<Vec<f64>, ProposalError> {
    let (geometry, facts) = (generator.geometry(), generator.facts());
    let (latent, data) = (geometry.latent_width(), geometry.data_width());
    let passes = if facts.noise > 0.0 { encoder::PASSES + 1 } else { 1 };
    let affordable = VALUES / (passes * (latent + 1) * data);
    // Before an encoder is made.
    if affordable < *WEIGHTS.start() && (facts.noise > 0.0 || facts.injective) {
        return Err(ProposalError::TooWide { latent, data, passes });
    }
    let proposal = of_generator(energy, generator, random.stream("references"))?;
    let count = affordable.min(*WEIGHTS.end()).min(most);
    let y = random.stream("weights").normals(count * proposal.width());
    Ok(log_weights_at(&*proposal, &y))
}

/// `log w` `[B]` at points `[B, width]` that were drawn from N(0, I): minus infinity where the energy is infinite or no number.
fn log_weights_at(proposal: &dyn Proposal, y: &[Real]) -> Vec<f64> {
    let width = proposal.width();
    let constant = 0.5 * std::f64::consts::TAU.ln() * width as f64 + proposal.log_volume();
    let (energies, _) = proposal.energies_and_forces(y);
    let square = |row: &[Real]| 0.5 * row.iter().map(|&y| f64::from(y).powi(2)).sum::<f64>();
    let weight = |(energy, row): (f64, &[Real])| match constant + square(row) - energy {
        weight if weight.is_nan() => f64::NEG_INFINITY,
        weight => weight,
    };
    energies.into_iter().zip(y.chunks_exact(width)).map(weight).collect()
}
