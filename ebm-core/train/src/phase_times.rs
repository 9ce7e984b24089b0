use std::time::{Duration, Instant};

/// Wall time of the phases of all iterations so far, measured where they begin and end.
///
/// On two threads or more, the entropy runs beside the energy step, and the two terms of an energy step beside each other: then
/// they overlap, and a thread that waits for one of them may help with the other. On one thread they add up. A phase
/// that occurs several times in an iteration (`train.energy.steps`) is their sum.
///
/// With work on a GPU, which goes on while the program does, a phase is the time until the program had handed its work over or
/// read its result; the whole is right over many iterations.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct PhaseTimes {
    /// Iterations.
    pub iterations: u64,
    /// Densities that weigh the samples of energy steps (`train.weighted`).
    pub weighing: Duration,
    /// Energy steps: data and latents, both terms, the update.
    pub energy_step: Duration,
    /// `E_data[E]` and its gradient; part of the energy step.
    pub data_term: Duration,
    /// `-E_pg[E]`, other negatives and the upper bound, with their gradients; part of the energy step.
    pub divergence: Duration,
    /// The optimiser's update of the energy and of the upper bound; part of the energy step.
    pub energy_update: Duration,
    /// Latents of the generator steps and the samples they become.
    pub sampling: Duration,
    /// The lower bound and its gradient.
    pub entropy: Duration,
    /// Generator steps but for sampling and entropy: `E_pg[E]`, both gradients through the generator, the update.
    pub generator_step: Duration,
    /// The optimiser's update of the generator and of the lower bound; part of the generator step.
    pub generator_update: Duration,
}

impl PhaseTimes {
    /// The times added since an earlier moment.
    pub fn since(&self, earlier: &Self) -> Self {
        let spent = |of: fn(&Self) -> Duration| of(self).saturating_sub(of(earlier));
        Self {
            iterations: self.iterations.saturating_sub(earlier.iterations),
            weighing: spent(|t| t.weighing),
            energy_step: spent(|t| t.energy_step),
            data_term: spent(|t| t.data_term),
            divergence: spent(|t| t.divergence),
            energy_update: spent(|t| t.energy_update),
            sampling: spent(|t| t.sampling),
            entropy: spent(|t| t.entropy),
            generator_step: spent(|t| t.generator_step),
            generator_update: spent(|t| t.generator_update),
        }
    }
}

/// Does the work and adds the time it takes.
pub(crate) fn timed<T>(to: &mut Duration, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = work();
    *to += started.elapsed();
    done
}
