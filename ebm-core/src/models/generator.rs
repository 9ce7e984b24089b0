use dfdx::prelude::*;

use crate::device::PerSample;
use crate::geometry::{Geometry, Latents, TapedLatents, TapedSamples};
use crate::kernels::scale::scale;
use crate::parameter::{Module, Parameter};
use crate::random::Random;
use crate::tape::{Parts, SharedTape};

/// Facts about a generator that are certain; bounds decide by them what they may claim.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct GeneratorFacts {
    /// No two latents map to one sample.
    pub injective: bool,
    /// The Jacobian is piecewise constant, so the gradient in z of anything made of it is zero almost everywhere.
    pub piecewise_linear: bool,
    /// Samples of one training batch depend on each other (batch-norm with batch statistics).
    pub couples_batch: bool,
    /// Standard deviation of the noise added to G(z), `sigma >= 0`, in units of x; of one that is learned or changes over the run, its
    /// present value.
    pub noise: f64,
}

impl GeneratorFacts {
    /// A generator about which nothing is known but its noise.
    pub fn unknown(noise: f64) -> Self {
        Self { injective: false, piecewise_linear: false, couples_batch: false, noise }
    }
    /// The same, known to be injective.
    pub fn injective(mut self) -> Self {
        self.injective = true;
        self
    }
}

/// A generator G of samples from latents.
///
/// Two methods are mandatory: the axes, and the map with its pushforward, from which all else follows.
///
/// ```
/// # use dfdx::prelude::*;
/// use ebm_core::device::values;
/// use ebm_core::geometry::{Fixed, Geometry, TapedLatents, TapedSamples};
/// use ebm_core::models::{Generator, GeneratorFacts, sample};
/// use ebm_core::random::Random;
/// use ebm_core::tape::SharedTape;
///
/// type Line = Fixed<1, 1>;
///
/// /// `G(z) = 3 z` on the line, with noise of standard deviation 0.1.
/// struct Tripled;
///
/// ebm_core::no_parameters!(Tripled);
///
/// impl Generator<Line> for Tripled {
///     fn geometry(&self) -> Line {
///         Fixed
///     }
///     fn pushforward(&self, z: TapedLatents<Line>, v: TapedLatents<Line>) -> (TapedSamples<Line>, TapedSamples<Line>) {
///         (z * 3.0, v * 3.0)
///     }
///     fn facts(&self) -> GeneratorFacts {
///         GeneratorFacts::unknown(0.1).injective()
///     }
/// }
///
/// let z = Fixed::<1, 1>.latents(vec![1.0, -2.0]);
/// assert_eq!(values(&Tripled.forward(SharedTape::off().watch(&z))), [3.0, -6.0]);
/// // The noise is not the generator's to draw: `sample` adds it.
/// let x = values(&sample(&Tripled as &dyn Generator<_>, &z, &SharedTape::off(), Random::new(0)));
/// assert!(x[0] != 3.0 && (x[0] - 3.0).abs() < 1.0);
/// ```
pub trait Generator<G: Geometry>: Module {
    /// The axes.
    fn geometry(&self) -> G;

    /// `(G(z), J v)`: the samples `[B, D]` and the pushforward of K directions a sample.
    ///
    /// `v` is `[K*B, d]`: the first B rows hold the first direction of every sample, the next B rows the second, and so
    /// on; the pushforward `[K*B, D]` has the same order. K = 0 is allowed. The map is the one of evaluation: a layer
    /// with batch statistics uses its running ones, so that the Jacobian is each sample's own.
    fn pushforward(&self, z: TapedLatents<G>, v: TapedLatents<G>) -> (TapedSamples<G>, TapedSamples<G>);

    /// `G(z)`, `[B, D]`. On a tape that trains the generator, layers with batch statistics use those of this batch.
    fn forward(&self, z: TapedLatents<G>) -> TapedSamples<G> {
        let none = self.geometry().latents(Vec::new());
        self.pushforward(z, none.put_tape(SharedTape::off())).0
    }

    /// `(G(z), 1/2 log det(J^T J))`, `[B, D]` and `[B]`, of the map of evaluation, where there is a formula for the volume that costs
    /// less than the Jacobian: that of a coupling flow is a sum. `None` without one; [`samples_and_log_volume`] takes the Jacobian
    /// then.
    ///
    /// [`samples_and_log_volume`]: crate::jacobian::samples_and_log_volume
    fn with_log_volume(&self, _z: TapedLatents<G>) -> Option<(TapedSamples<G>, PerSample<SharedTape>)> {
        None
    }

    /// The facts about this generator: none, and no noise, unless it says more. One whose samples of a training batch
    /// depend on each other must say that.
    fn facts(&self) -> GeneratorFacts {
        GeneratorFacts::unknown(0.0)
    }

    /// The parameter `[1]` that holds sigma, if sigma is learned. It is one of [`Module::parameters`], and belongs to
    /// [`Parts::GENERATOR`] on a tape.
    fn noise_level(&self) -> Option<&Parameter> {
        None
    }

    /// Gives everything that changes over a run by a schedule its value after `step` iterations: a function of the step alone, since
    /// no checkpoint keeps it.
    fn at_step(&mut self, step: u64) {
        let _ = step;
    }
}

/// Samples `G(z) + sigma n` `[B, D]` on `tape`, with the generator's own noise level, which gets a gradient if it is
/// learned and the tape trains the generator.
pub fn sample<G: Geometry>(
    generator: &dyn Generator<G>,
    latents: &Latents<G>,
    tape: &SharedTape,
    random: Random,
) -> TapedSamples<G> {
    with_noise(generator, generator.forward(tape.watch(latents)), random)
}

/// `x + sigma n` for `x = G(z)`, with the noise that [`sample`] draws.
pub(crate) fn with_noise<G: Geometry>(
    generator: &dyn Generator<G>,
    x: TapedSamples<G>,
    random: Random,
) -> TapedSamples<G> {
    moved_by_noise(generator, x, random, 1.0)
}

/// `G(z) = x - sigma n` for the `x` that [`sample`] draws.
pub(crate) fn without_noise<G: Geometry>(
    generator: &dyn Generator<G>,
    x: TapedSamples<G>,
    random: Random,
) -> TapedSamples<G> {
    moved_by_noise(generator, x, random, -1.0)
}

/// `x + sign sigma n`
fn moved_by_noise<G: Geometry>(
    generator: &dyn Generator<G>,
    x: TapedSamples<G>,
    random: Random,
    sign: crate::device::Real,
) -> TapedSamples<G> {
    let noise = random.stream("generator-noise");
    let Some(level) = generator.noise_level() else {
        let sigma = generator.facts().noise as crate::device::Real;
        if sigma == 0.0 {
            return x;
        }
        let noise = noise.normal_tensor(*x.shape());
        return x + noise * (sign * sigma);
    };
    // A learned level stays where the tensors are: to look at it would be to wait for them.
    let noise = noise.normal_tensor(*x.shape());
    let noise = if sign < 0.0 { -noise } else { noise };
    let (x, tape) = x.split_tape();
    let noise = scale(tape.watch(&noise), level.tensor(), tape.trains(Parts::GENERATOR));
    x.put_tape(tape) + noise
}
