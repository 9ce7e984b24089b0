//! Small problems, every pair of bounds among them.

use ebm_cli::config::RunConfig;
use ebm_core::{data::Dataset, device::Real, geometry::Runtime, schedule::Scheduled};
use ebm_tests::{Normal, config, square, trainer};
use ebm_train::process_group::{ProcessGroup, Threads};
use ebm_train::{Objective, PlayerConfig, RefineConfig, Trainer, TrainingState};
use std::sync::Arc;

/// The batch of all ranks.
pub const BATCH: usize = 24;

/// Smooth networks, or else rounding decides on which side of a kink a sample is. 100 steps move a weight by 2e-3 at most, two
/// hundred times of what they may differ by. Where a gradient is zero but for rounding, Adam is not to make whole steps of that.
const COMMON: &str = r#"
[energy]
kind = "mlp"
hidden = [8, 8]
activation = "tanh"
spectral_norm = true
confinement = 1.0

[train]
steps = 100
batch = 24
log_every = 1
evaluate_every = 0
energy = { steps = 2, average = 0.9, optimizer = { clip = 1.0, learning_rate = 2e-5, epsilon = 1e-3 } }
generator = { average = 0.9, optimizer = { beta1 = 0.5, learning_rate = 2e-5, epsilon = 1e-3 } }
"#;
const LOG_DET: &str = "{ kind = 'sv', variant = 'log-det' }";
const GP: &str = "{ kind = 'gp', projections = 1, weight = 0.1 }";
const FIXED_NOISE: &str = "noise = 0.1";

pub struct Problem {
    pub name: &'static str,
    pub config: RunConfig,
    pub data: Arc<dyn Dataset>,
}

fn problem_of(name: &'static str, generator: &str, lower: &str, upper: &str) -> Problem {
    let generator = format!("{{ kind = 'mlp', latent = 2, hidden = [16], activation = 'tanh', {generator} }}");
    let text = format!("generator = {generator}\nlower = {lower}\nupper = {upper}\n{COMMON}");
    Problem { name, config: config(&text), data: Arc::new(Normal) }
}

fn problem(name: &'static str, lower: &str, upper: &str) -> Problem {
    problem_of(name, FIXED_NOISE, lower, upper)
}

fn mi(estimator: &str, more: &str) -> String {
    format!("{{ kind = 'mi', estimator = '{estimator}', optimizer = {{ epsilon = 1e-3 }}, {more} }}")
}

fn shifted(estimator: &str) -> String {
    mi(estimator, "product = 'permutation', group = 64")
}

fn all_pairs(group: usize) -> String {
    mi("infonce", &format!("product = 'all-pairs', group = {group}"))
}

pub fn set_rate(player: &mut PlayerConfig, rate: f64) {
    player.optimizer = player.optimizer.with("learning_rate", rate).unwrap();
}

/// A problem whose bound remembers, for each sample, where the next solution starts from.
pub fn warm() -> Problem {
    let iterative = "{ kind = 'sv', variant = 'smallest', solver = { iterative = { steps = 3, warm_start = true } } }";
    let mut warm = problem("sv, warm starts", iterative, "'none'");
    // The smallest singular value has steep slopes, which amplify rounding.
    set_rate(&mut warm.config.train.generator, 1e-5);
    warm
}

/// The problems whose terms are means over the samples, shared by two or four ranks.
pub fn exact() -> Vec<Problem> {
    let gp = |projections| format!("{{ kind = 'gp', projections = {projections}, weight = 0.1 }}");
    // Rounding decides at which step its solver stops.
    let curved = "{ kind = 'gp', projections = 2, weight = 0.01, volume = { iterative = { steps = 3 } } }";
    let noisy = "{ kind = 'gp', score = { multi-sample = { samples = 32 } }, weight = 0.1 }";
    let learned = "noise = { learned = { start = 0.3, max = 1.0 } }";
    let mut likelihood = problem("maximum likelihood", LOG_DET, GP);
    likelihood.config.train.objective = Objective::MaximumLikelihood;
    let mut negatives = problem("every negative", LOG_DET, GP);
    negatives.config.train.data_penalty = Scheduled::from(0.1);
    negatives.config.train.refine = RefineConfig { share: 0.5, steps: 2, buffer: 36, ..Default::default() };
    vec![
        negatives,
        problem("sv and gp", LOG_DET, GP),
        problem("sv and gp, three projections", LOG_DET, &gp(3)),
        problem("sv and gp, all of the Jacobian", LOG_DET, &gp(0)),
        problem("sv and gp, a volume that moves", LOG_DET, curved),
        problem("sv and gp, the score of a noisy generator", LOG_DET, noisy),
        warm(),
        problem("sv and diffusion", LOG_DET, "'diffusion'"),
        problem("mi jsd and diffusion", &shifted("jsd"), "'diffusion'"),
        problem("mi nwj and wgan-gp", &shifted("nwj"), "'wgan-gp'"),
        problem("mi barber-agakov and zero-gp", &shifted("barber-agakov"), "'zero-gp'"),
        problem("mi importance-weighted and gp", &mi("importance-weighted", "draws = 2"), GP),
        problem_of("mi multi-sample, learned noise", learned, &mi("multi-sample", "samples = 40"), GP),
        problem("mi infonce, whole groups", &all_pairs(6), GP),
        problem("no lower bound", "'none'", "'none'"),
        problem_of("learned noise", learned, &shifted("jsd"), GP),
        likelihood,
    ]
}

/// The problems whose terms are reported not to be means over the samples, with a word of the report.
pub fn coupled() -> Vec<(Problem, &'static str)> {
    let margin = "{ kind = 'gp', projections = 1, weight = 0.1, margin = 0.05 }";
    let regularised = "{ kind = 'diffusion', fokker_planck = { weight = 1.0 } }";
    let normalised = "noise = 0.1, batch_norm = true";
    vec![
        (problem("mi dv", &shifted("dv"), GP), "lower: dv"),
        (problem("mi infonce", &all_pairs(5), GP), "lower: its groups"),
        (problem("a margin", LOG_DET, margin), "upper: its margin"),
        (problem("Fokker-Planck", LOG_DET, regularised), "upper: the pairs"),
        (problem_of("batch-norm", normalised, LOG_DET, GP), "generator: its batch-norm"),
    ]
}

impl Problem {
    pub fn trainer(&self) -> Trainer<Runtime> {
        trainer(&self.config, square(2), self.data.clone())
    }

    pub fn trainer_of(&self, rank: Arc<dyn ProcessGroup>) -> Trainer<Runtime> {
        self.trainer().with_process_group(rank).unwrap()
    }
}

/// Runs `work` on each of `ranks` threads and returns the results in order of rank. Each has a thread pool of its own:
/// in a shared one, ranks that wait for others could leave those no thread.
pub fn on_each<T: Send>(ranks: usize, work: impl Fn(Arc<dyn ProcessGroup>) -> T + Sync) -> Vec<T> {
    Threads::on_each(ranks, |rank| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        pool.install(|| work(Arc::new(rank)))
    })
}

/// The largest difference of any weight of two states, which have the same arrays.
pub fn distance(a: &TrainingState, b: &TrainingState) -> f64 {
    let (ours, theirs) = (a.arrays.keys(), b.arrays.keys());
    assert!(ours.clone().eq(theirs.clone()), "{ours:?} {theirs:?}");
    let mut largest = 0.0f64;
    for (owner, state) in &a.arrays {
        let other = &b.arrays[owner];
        assert!(state.keys().eq(other.keys()), "{owner}");
        // Moments and warm starts have scales of their own; the weights tell whether they were right.
        if owner.ends_with("-optimizer") || owner.ends_with("-memory") {
            continue;
        }
        for ((name, (shape, values)), (other_shape, others)) in state.iter().zip(other.values()) {
            assert_eq!(shape, other_shape, "{owner}: {name}");
            let pairs = values.iter().zip(others);
            let differences = pairs.map(|(a, b): (&Real, &Real)| f64::from((a - b).abs()));
            // A NaN must not be lost.
            largest = differences.fold(largest, |largest, d| if d <= largest { largest } else { d });
        }
    }
    largest
}
