use std::ops::Range;

use super::{Estimate, Measurement};
use crate::device::{Real, Scalar};
use crate::error::{BoundError, ConfigError};
use crate::geometry::{Geometry, Latents, Samples, TapedSamples};
use crate::kernels::{differentiated, sum};
use crate::models::{Generator, closed_form::standard_normal_entropy, sample, without_noise};
use crate::parameter::Module;
use crate::random::Random;
use crate::tape::{Parts, SharedTape};
use crate::tensor::rows;

/// The situation a lower bound is evaluated in: the generator at a batch of latents.
#[derive(Clone)]
pub struct GeneratorView<'a, G: Geometry> {
    /// The generator.
    pub generator: &'a dyn Generator<G>,
    /// Latents drawn from N(0, I), `[B, d]`.
    pub latents: &'a Latents<G>,
    /// The tape to record on.
    pub tape: SharedTape,
    /// Random numbers for this step.
    pub random: Random,
    /// The training iteration, counted from 1; 0 in an evaluation before any.
    pub step: u64,
    samples: Option<&'a Samples<G>>,
    batch: Option<(&'a Latents<G>, Range<usize>)>,
}

impl<'a, G: Geometry> GeneratorView<'a, G> {
    /// The situation of `latents` `[B, d]`.
    pub fn new(
        generator: &'a dyn Generator<G>,
        latents: &'a Latents<G>,
        tape: SharedTape,
        random: Random,
        step: u64,
    ) -> Self {
        Self { generator, latents, tape, random, step, samples: None, batch: None }
    }
    /// The same situation with the generator's samples `[B, D]` of these latents and random numbers, already computed.
    /// Their gradient is read from the tape, and carried on to the generator, by the caller.
    pub fn with_samples(self, samples: &'a Samples<G>) -> Self {
        Self { samples: Some(samples), ..self }
    }
    /// The same situation as the evaluation of some `rows` of a batch, whose latents are `latents`.
    pub fn within_batch(self, latents: &'a Latents<G>, rows: Range<usize>) -> Self {
        Self { batch: Some((latents, rows)), ..self }
    }
    /// The latents of the whole batch, and the rows of it that this evaluation has: a bound that pairs samples with the
    /// latents of others pairs them within the whole batch.
    pub fn batch_latents(&self) -> (&'a Latents<G>, Range<usize>) {
        self.batch.clone().unwrap_or((self.latents, 0..self.batch()))
    }
    /// The random numbers at a place of the bound's own, for draws that have a row for each sample of this evaluation:
    /// the rows of a part of a batch get the same numbers as in an evaluation of the whole batch.
    pub fn rows_of(&self, place: Random) -> Random {
        place.share(self.random.shared_by())
    }
    /// The generator's samples `[B, D]` of these latents, its noise included, on the tape.
    ///
    /// In training these are the samples the energy is evaluated at, so a bound that needs nothing else from the generator
    /// costs no extra pass through it.
    pub fn generated(&self) -> TapedSamples<G> {
        match self.samples {
            Some(samples) => self.tape.watch(samples),
            None => sample(self.generator, self.latents, &self.tape, self.random),
        }
    }
    /// `G(z)` `[B, D]` of the samples `x` that [`GeneratorView::generated`] returned: x without its noise, on the tape, without
    /// another pass through the generator.
    pub fn without_noise(&self, x: TapedSamples<G>) -> TapedSamples<G> {
        without_noise(self.generator, x, self.random)
    }
    /// The axes.
    pub fn geometry(&self) -> G {
        self.generator.geometry()
    }
    /// The standard deviation sigma of the generator's noise, in units of x, on the tape; 0 without noise.
    ///
    /// Whatever is computed from it is differentiated in sigma where the generator learns it and the tape trains the generator;
    /// else it is a constant.
    pub fn sigma(&self) -> Scalar<SharedTape> {
        match self.generator.noise_level() {
            Some(level) if self.tape.trains(Parts::GENERATOR) => sum(self.tape.watch(level.tensor())),
            _ => self.tape.constant(self.generator.facts().noise),
        }
    }
    /// The entropy of the noise, `H[sigma n] = D/2 ln(2 pi e sigma^2)` in nats, on the tape as [`GeneratorView::sigma`] is, and
    /// worked out in double precision.
    pub fn noise_entropy(&self) -> Scalar<SharedTape> {
        let (wide, sigma) = (self.geometry().data_width(), self.generator.facts().noise);
        let value = standard_normal_entropy(wide) + wide as f64 * sigma.ln();
        match self.generator.noise_level() {
            Some(level) if self.tape.trains(Parts::GENERATOR) => {
                differentiated(self.tape.watch(level.tensor()), value, vec![(wide as f64 / sigma) as Real])
            }
            _ => self.tape.constant(value),
        }
    }
    /// Number of samples, `B`.
    pub fn batch(&self) -> usize {
        rows(self.latents)
    }
    /// The same batch with nothing recorded.
    pub fn without_tape(&self) -> Self {
        Self { tape: SharedTape::off(), ..self.clone() }
    }
}

/// A lower bound of the generator's entropy `H[p_g]` in nats, hence of the negative log-likelihood:
/// `floor(L) = E_data[E] - E_pg[E] + floor(H)`.
///
/// A bound without networks or state of its own is written shorter, as a [`LowerFormula`](super::LowerFormula), and has an
/// example there.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a lower bound",
    note = "implement `ebm_core::bounds::LowerBound<G>` for every `G: Geometry`"
)]
pub trait LowerBound<G: Geometry>: Module {
    /// `floor(H)` on a batch, differentiable in the generator's parameters (and in the bound's own).
    ///
    /// # Errors
    /// If the bound is not defined for the models it was given.
    fn entropy(&mut self, view: &GeneratorView<'_, G>) -> Result<Estimate, BoundError>;

    /// Whether [`LowerBound::entropy`] bounds the entropy. A baseline that does not is trained on this value and never
    /// reports it, and L has no lower bound.
    fn bounds_entropy(&self) -> bool {
        true
    }

    /// Refuses to be trained on batches of `batch` samples where the options ask for more, naming the option that would have to
    /// change.
    fn accepts_batch(&self, _batch: usize) -> Result<(), ConfigError> {
        Ok(())
    }

    /// Logarithms h `[B]` of unbiased estimates of `1/p_g(x)` at the samples: `E[e^h given x] = 1/p_g(x)`. `None` if the bound has none.
    ///
    /// Then `e^(h - E(x))` is a weight whose expectation is Z, and the mean of h a bound of the entropy from below. With these
    /// weights the energy's step takes the generated samples for samples of the model (`train.weighted`). A bound on p_g from one
    /// side only, such as one from the smallest singular value, has none.
    ///
    /// # Errors
    /// As [`LowerBound::entropy`].
    fn log_inverse_densities(&self, _view: &GeneratorView<'_, G>) -> Result<Option<Vec<f64>>, BoundError> {
        Ok(None)
    }

    /// An upper bound of `H[p_g]` from the same quantities, to report an upper bound of L; `None` if unavailable.
    ///
    /// # Errors
    /// As [`LowerBound::entropy`].
    fn entropy_upper_bound(&mut self, _view: &GeneratorView<'_, G>) -> Result<Option<Measurement>, BoundError> {
        Ok(None)
    }
}
