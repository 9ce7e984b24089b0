//! Small problems, every pair of bounds among them.

use bounds_diffusion::{DiffusionConfig, RegularizerConfig};
use bounds_gp::{GpConfig, NoneConfig, Volume, WganGpConfig, ZeroGpConfig};
use bounds_mi::{Estimator, MiConfig, Product};
use bounds_sv::{IterativeSolver, Solver, SvConfig, Variant};
use ebm_core::data::Dataset;
use ebm_core::device::Real;
use ebm_core::geometry::Runtime;
use ebm_core::kernels::Activation;
use ebm_core::random::Random;
use ebm_core::registry::{LowerBoundConfig, UpperBoundConfig};
use ebm_models::mlp::{MlpEnergyConfig, MlpGeneratorConfig};
use ebm_models::noise::{LearnedNoise, NoiseConfig};
use ebm_tests::Normal;
use ebm_train::{Components, Objective, PlayerConfig, Players, TrainConfig, Trainer, TrainingState};
use std::sync::Arc;

/// The batch of all ranks.
pub const BATCH: usize = 24;

pub struct Problem {
    pub name: &'static str,
    pub generator: MlpGeneratorConfig,
    pub energy: MlpEnergyConfig,
    pub lower: Box<dyn LowerBoundConfig>,
    pub upper: Box<dyn UpperBoundConfig>,
    pub train: TrainConfig,
    pub data: Arc<dyn Dataset>,
}

fn problem(
    name: &'static str,
    lower: impl LowerBoundConfig + 'static,
    upper: impl UpperBoundConfig + 'static,
) -> Problem {
    let mut train = TrainConfig {
        steps: 100,
        batch: BATCH,
        log_every: 1,
        evaluate_every: 0,
        ..Default::default()
    };
    train.energy.average = 0.9;
    train.generator.average = 0.9;
    train.energy.steps = 2;
    set(&mut train.energy, "clip", 1.0);
    set(&mut train.generator, "beta1", 0.5);
    // 100 steps move a weight by 2e-3 at most, two hundred times of what they may differ by.
    set(&mut train.energy, "learning_rate", 2e-5);
    set(&mut train.generator, "learning_rate", 2e-5);
    // Where a gradient is zero but for rounding, Adam is not to make whole steps of that.
    set(&mut train.energy, "epsilon", 1e-3);
    set(&mut train.generator, "epsilon", 1e-3);
    Problem {
        name,
        generator: MlpGeneratorConfig {
            latent: 2,
            hidden: vec![16],
            // Smooth, or else rounding decides on which side of a kink a sample is.
            activation: Activation::Tanh,
            noise: NoiseConfig::Fixed(0.1),
            ..Default::default()
        },
        energy: MlpEnergyConfig {
            hidden: vec![8, 8],
            activation: Activation::Tanh,
            spectral_norm: true,
            confinement: 1.0,
            ..Default::default()
        },
        lower: Box::new(lower),
        upper: Box::new(upper),
        train,
        data: Arc::new(Normal),
    }
}

/// Sets an option of a player's optimiser.
pub fn set(player: &mut PlayerConfig, key: &str, value: f64) {
    player.optimizer = player.optimizer.with(key, value).unwrap();
}

fn log_det() -> SvConfig {
    SvConfig {
        variant: Variant::LogDet,
        ..Default::default()
    }
}

fn iterative() -> SvConfig {
    SvConfig {
        variant: Variant::Smallest,
        solver: Solver::Iterative(IterativeSolver {
            steps: 3,
            warm_start: true,
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// One that remembers of each sample where the next solution starts from.
pub fn warm() -> Problem {
    let mut warm = problem("sv, warm starts", iterative(), NoneConfig::default());
    // The smallest singular value has steep slopes, which make much of rounding.
    set(&mut warm.train.generator, "learning_rate", 1e-5);
    warm
}

fn mi(estimator: Estimator, product: Product, group: usize) -> MiConfig {
    let mut config = MiConfig {
        estimator,
        product,
        group,
        ..Default::default()
    };
    config.optimizer = config.optimizer.with("epsilon", 1e-3);
    config
}

fn gp(projections: usize) -> GpConfig {
    GpConfig {
        projections,
        weight: 0.1,
        ..Default::default()
    }
}

/// Those whose terms are means over the samples, shared by two or four ranks.
pub fn exact() -> Vec<Problem> {
    let learned = NoiseConfig::Learned {
        learned: LearnedNoise {
            start: 0.3,
            ..Default::default()
        },
    };
    let curved = GpConfig {
        volume: Volume::Iterative { steps: 3 },
        // Rounding decides at which step its solver stops.
        weight: 0.01,
        ..gp(2)
    };
    let shifted = |estimator| mi(estimator, Product::Permutation, 64);
    let mut all = vec![
        problem("sv and gp", log_det(), gp(1)),
        problem("sv and gp, three projections", log_det(), gp(3)),
        problem("sv and gp, all of the Jacobian", log_det(), gp(0)),
        problem("sv and gp, a volume that moves", log_det(), curved),
        warm(),
        problem("sv and diffusion", log_det(), DiffusionConfig::default()),
        problem(
            "mi jsd and diffusion",
            shifted(Estimator::Jsd),
            DiffusionConfig::default(),
        ),
        problem("mi nwj and wgan-gp", shifted(Estimator::Nwj), WganGpConfig::default()),
        problem(
            "mi barber-agakov and zero-gp",
            shifted(Estimator::BarberAgakov),
            ZeroGpConfig::default(),
        ),
        problem(
            "mi infonce, whole groups",
            mi(Estimator::Infonce, Product::AllPairs, 6),
            gp(1),
        ),
        problem(
            "no lower bound",
            bounds_sv::NoneConfig::default(),
            NoneConfig::default(),
        ),
    ];
    let mut noisy = problem("learned noise", shifted(Estimator::Jsd), gp(1));
    noisy.generator.noise = learned;
    all.push(noisy);
    let mut likelihood = problem("maximum likelihood", log_det(), gp(1));
    likelihood.train.objective = Objective::MaximumLikelihood;
    all.push(likelihood);
    all
}

/// Those that are said to be no means over the samples, with a word of what is said.
pub fn coupled() -> Vec<(Problem, &'static str)> {
    let diffusion = DiffusionConfig {
        fokker_planck: RegularizerConfig {
            weight: 1.0,
            ..Default::default()
        },
        ..Default::default()
    };
    let margin = GpConfig { margin: 0.05, ..gp(1) };
    let mut normalised = problem("batch-norm", log_det(), gp(1));
    normalised.generator.batch_norm = true;
    vec![
        (
            problem("mi dv", mi(Estimator::Dv, Product::Permutation, 64), gp(1)),
            "lower: dv",
        ),
        (
            problem("mi infonce", mi(Estimator::Infonce, Product::AllPairs, 5), gp(1)),
            "lower: its groups",
        ),
        (problem("a margin", log_det(), margin), "upper: its margin"),
        (problem("Fokker-Planck", log_det(), diffusion), "upper: the pairs"),
        (normalised, "generator: its batch-norm"),
    ]
}

impl Problem {
    pub fn trainer(&self) -> Trainer<Runtime> {
        let parts = Components {
            energy: &self.energy,
            generator: &self.generator,
            lower: &*self.lower,
            upper: &*self.upper,
        };
        let players = Players::build(Runtime { latent: 2, data: 2 }, parts, &self.train, Random::new(3)).unwrap();
        Trainer::new(self.train.clone(), players, self.data.clone(), Random::new(4)).unwrap()
    }
}

/// The largest difference of any weight of two states, which have the same arrays.
pub fn distance(a: &TrainingState, b: &TrainingState) -> f64 {
    assert!(
        a.arrays.keys().eq(b.arrays.keys()),
        "{:?} {:?}",
        a.arrays.keys(),
        b.arrays.keys()
    );
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
