//! Lower bounds of the negative log-likelihood: lower bounds of the generator's entropy.

use super::{Estimate, Measurement};
use crate::device::{Real, Scalar};
use crate::error::{BoundError, ConfigError};
use crate::geometry::{Geometry, Latents, Samples};
use crate::kernels::differentiated;
use crate::models::{Generator, sample};
use crate::optimizer::AdamConfig;
use crate::parameter::Module;
use crate::random::Random;
use crate::tape::{Parts, SharedTape};

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
    whole: Option<&'a Latents<G>>,
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
        Self {
            generator,
            latents,
            tape,
            random,
            step,
            samples: None,
            whole: None,
        }
    }
    /// The same with the generator's samples `[B, D]` of these latents and random numbers, which are known already. Their
    /// gradient is asked of the tape, and carried on to the generator by who gave them.
    pub fn with_samples(self, samples: &'a Samples<G>) -> Self {
        Self {
            samples: Some(samples),
            ..self
        }
    }
    /// The same as a part of a larger batch, that of `view.random`, whose latents are `whole`.
    pub fn within(self, whole: Option<&'a Latents<G>>) -> Self {
        Self { whole, ..self }
    }
    /// The latents of the whole batch, of which [`GeneratorView::latents`] may be one process's share, and the row of it that
    /// those start at. Where one process has the whole batch: those, and 0.
    ///
    /// They are the same for every process: what pairs a sample with the latents of others need not exchange anything.
    pub fn whole_latents(&self) -> (&'a Latents<G>, usize) {
        use dfdx::prelude::HasShape;
        match self.whole {
            None => (self.latents, 0),
            Some(whole) => (whole, self.random.shared_by().rows(whole.shape().0).start),
        }
    }
    /// The generator's samples `[B, D]` of these latents, its noise included, on the tape.
    ///
    /// In training they are those the energy is evaluated at too: a bound that needs no more of the generator costs no pass
    /// of it.
    pub fn generated(&self) -> Samples<G, SharedTape> {
        match self.samples {
            Some(samples) => self.tape.watch(samples),
            None => sample(self.generator, self.latents, &self.tape, self.random),
        }
    }
    /// The axes.
    pub fn geometry(&self) -> G {
        self.generator.geometry()
    }
    /// A function f of the noise's standard deviation sigma alone, on the tape: `value` is f(sigma), `slope` is df/dsigma.
    ///
    /// The slope goes to sigma where the generator learns it and the tape trains the generator; else f is a constant.
    pub fn of_noise(&self, value: f64, slope: f64) -> Scalar<SharedTape> {
        match self.generator.noise_level() {
            Some(level) if self.tape.trains(Parts::GENERATOR) => {
                differentiated(self.tape.watch(level.tensor()), value, vec![slope as Real])
            }
            _ => self.tape.constant(value),
        }
    }
    /// Number of samples, `B`.
    pub fn batch(&self) -> usize {
        use dfdx::prelude::HasShape;
        self.latents.shape().0
    }
    /// The same batch with nothing recorded.
    pub fn without_tape(&self) -> Self {
        Self {
            tape: SharedTape::off(),
            ..self.clone()
        }
    }
}

/// A lower bound of the generator's entropy `H[p_g]` in nats, hence of the negative log-likelihood:
/// `floor(L) = E_data[E] - E_pg[E] + floor(H)`.
///
/// A bound without networks or memory of its own is written shorter, as a [`LowerFormula`](super::LowerFormula).
///
/// ```
/// use ebm_core::bounds::{Estimate, GeneratorView, Guarantee, LowerBound, Measurement};
/// use ebm_core::error::BoundError;
/// use ebm_core::geometry::{Fixed, Geometry};
/// use ebm_core::models::closed_form::{LinearGaussian, standard_normal_entropy};
/// use ebm_core::random::Random;
/// use ebm_core::tape::SharedTape;
///
/// /// `H[G(z) + sigma n] >= H[sigma n] = H[n] + D ln sigma`: to add what is independent adds entropy.
/// struct NoiseFloor;
///
/// ebm_core::no_parameters!(NoiseFloor);
///
/// impl<G: Geometry> LowerBound<G> for NoiseFloor {
///     fn entropy(&mut self, view: &GeneratorView<'_, G>) -> Result<Estimate, BoundError> {
///         let wide = view.generator.geometry().data_width();
///         let floor = standard_normal_entropy(wide) + wide as f64 * view.generator.facts().noise.ln();
///         let claim = Guarantee::certified("the noise is independent of the latents");
///         let measurement = Measurement::exact(floor, view.batch(), claim);
///         Ok(Estimate::new(view.tape.constant(floor), measurement))
///     }
/// }
///
/// // x = z + n/2 is N(0, 1.25), the noise alone N(0, 0.25): the bound is 1/2 ln 5 below the entropy.
/// let generator = LinearGaussian::new(Fixed::<1, 1>, &[1.0], &[0.0], 0.5);
/// let latents = Fixed::<1, 1>.latents(vec![0.3, -0.2]);
/// let view = GeneratorView::<Fixed<1, 1>>::new(&generator, &latents, SharedTape::off(), Random::new(0), 0);
/// let floor = NoiseFloor.entropy(&view)?.measurement.value;
/// let slack = generator.entropy().unwrap() - floor;
/// assert!((slack - 0.5 * 5f64.ln()).abs() < 1e-6);
/// # Ok::<(), BoundError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a lower bound",
    note = "implement `ebm_core::bounds::LowerBound<G>` for every `G: Geometry`"
)]
pub trait LowerBound<G: Geometry>: Module {
    /// `floor(H)` on a batch, differentiable in the generator's parameters (and in the bound's own).
    ///
    /// # Errors
    /// If the bound has no meaning for the models it was given.
    fn entropy(&mut self, view: &GeneratorView<'_, G>) -> Result<Estimate, BoundError>;

    /// Whether [`LowerBound::entropy`] bounds the entropy. For a baseline that does not, its value is trained on and never
    /// reported, and there is no lower bound of L.
    fn bounds_entropy(&self) -> bool {
        true
    }

    /// Refuses to be trained on batches of `batch` samples, where the options ask for more.
    ///
    /// # Errors
    /// The option that would have to change.
    fn accepts_batch(&self, _batch: usize) -> Result<(), ConfigError> {
        Ok(())
    }

    /// What of [`LowerBound::entropy`] is no mean over the samples of a batch, in a few words; `None`: nothing is.
    ///
    /// Where several processes train, each evaluates the bound on its share of a batch, here of `samples`, and the gradients
    /// are averaged. Of a mean over the samples that makes the same as one process does; anything else is said to whoever
    /// starts such a training, and so is what a bound leaves open.
    fn coupling(&self, _samples: usize) -> Option<&'static str> {
        Some("it does not say whether its value is a mean over the samples")
    }

    /// Weight of the entropy in the generator's objective `E_pg[E] - lambda * floor(H)`. Reported values carry no weight.
    fn lambda(&self) -> f64 {
        1.0
    }

    /// The optimiser of the bound's own networks; `None`: the generator's options. The schedule is the generator's.
    fn optimizer(&self) -> Option<&AdamConfig> {
        None
    }

    /// An upper estimate of `H[p_g]` from the same quantities, for reporting an upper bound of L; `None` if there is none.
    ///
    /// # Errors
    /// As [`LowerBound::entropy`].
    fn entropy_ceiling(&mut self, _view: &GeneratorView<'_, G>) -> Result<Option<Measurement>, BoundError> {
        Ok(None)
    }
}
