use ebm_core::{geometry::Geometry, kernels::flops};
use ebm_train::{PhaseTimes, TrainError, Trainer};
use serde::{Serialize, Serializer};
use std::time::{Duration, Instant};

/// Steps before anything is measured: buffers, caches, the processor's clock, kernels that a driver loads when first used.
const WARM_UP: u32 = 3;

/// The timing of a problem.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// Its name.
    pub problem: &'static str,
    /// Samples per batch.
    pub batch: usize,
    /// Latent dimensions.
    pub latent: usize,
    /// Data dimensions.
    pub width: usize,
    /// Trained values of the energy.
    pub energy_parameters: usize,
    /// Trained values of the generator.
    pub generator_parameters: usize,
    /// Steps that were timed.
    pub steps: usize,
    /// Time of all of them.
    pub seconds: f64,
    /// Steps per second over that time.
    pub steps_per_second: f64,
    /// Seconds per step.
    pub step_seconds: Spread,
    /// Seconds per step of each phase; a step of the energy contains the three after it, one of the generator its update.
    #[serde(serialize_with = "by_name")]
    pub phase_seconds: [f64; PHASES.len()],
    /// Whether phases run at the same time.
    pub phases_overlap: bool,
    /// Operations of matrix products and convolutions per step; a multiply-add counts as two.
    pub flop_per_step: f64,
    /// The same per second.
    pub flop_per_second: f64,
}

/// The spread of several times.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Spread {
    pub least: f64,
    pub median: f64,
    pub most: f64,
}

/// A phase of a step: the key in JSON, the heading in a table, and the time of all steps.
type Phase = (&'static str, &'static str, fn(&PhaseTimes) -> Duration);

pub(super) const PHASES: [Phase; 9] = [
    ("weighing", "weighing", |times| times.weighing),
    ("energy_step", "energy step", |times| times.energy_step),
    ("data_term", "data term", |times| times.data_term),
    ("divergence", "divergence", |times| times.divergence),
    ("energy_update", "update", |times| times.energy_update),
    ("sampling", "sampling", |times| times.sampling),
    ("entropy", "entropy", |times| times.entropy),
    ("generator_step", "generator step", |times| times.generator_step),
    ("generator_update", "update", |times| times.generator_update),
];

/// Seconds per step, in the order of [`PHASES`].
fn by_name<S: Serializer>(seconds: &[f64; PHASES.len()], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(PHASES.iter().map(|(key, ..)| key).zip(seconds))
}

/// Trains until the time is up, for at least one step.
pub(super) fn measure<G: Geometry>(
    problem: &'static str,
    mut trainer: Trainer<G>,
    duration: Duration,
) -> Result<Measured, TrainError> {
    for _ in 0..WARM_UP {
        trainer.advance(false)?;
    }
    settle(&trainer);
    let (phases, operations) = (trainer.phase_times(), flops::done());
    let mut times = Vec::new();
    let started = Instant::now();
    while times.is_empty() || started.elapsed() < duration {
        let begun = Instant::now();
        trainer.advance(false)?;
        times.push(begun.elapsed().as_secs_f64());
    }
    settle(&trainer);
    let seconds = started.elapsed().as_secs_f64();
    let operations = (flops::done() - operations) as f64;
    let phases = trainer.phase_times().since(&phases);
    times.sort_by(f64::total_cmp);
    let steps = times.len();
    let geometry = trainer.energy().geometry();
    Ok(Measured {
        problem,
        batch: trainer.config().batch,
        latent: geometry.latent_width(),
        width: geometry.data_width(),
        energy_parameters: trainer.energy().parameter_count(),
        generator_parameters: trainer.generator().parameter_count(),
        steps,
        seconds,
        steps_per_second: steps as f64 / seconds,
        step_seconds: Spread { least: times[0], median: times[steps / 2], most: times[steps - 1] },
        phase_seconds: PHASES.map(|(.., time)| time(&phases).as_secs_f64() / phases.iterations.max(1) as f64),
        phases_overlap: ebm_core::kernels::parallel::threads() > 1 && cfg!(not(feature = "cuda")),
        flop_per_step: operations / steps as f64,
        flop_per_second: operations / seconds,
    })
}

/// Waits for the work that a GPU may still have to do, by reading the values of a weight.
fn settle<G: Geometry>(trainer: &Trainer<G>) {
    for module in [trainer.energy().parameters(), trainer.generator().parameters()] {
        module.last().map(|parameter| parameter.values());
    }
}
