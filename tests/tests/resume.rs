//! A trainer that is given another one's state goes on as that one, bit for bit.

use bounds_diffusion::{DiffusionConfig, RegularizerConfig};
use bounds_gp::{GpConfig, NoneConfig};
use bounds_mi::{Estimator, MiConfig};
use bounds_sv::{IterativeSolver, Solver, SvConfig, Variant};
use ebm_core::error::StateError;
use ebm_core::geometry::Runtime;
use ebm_core::random::Random;
use ebm_core::registry::{EnergyConfig, GeneratorConfig, LowerBoundConfig, UpperBoundConfig};
use ebm_models::flow::FlowGeneratorConfig;
use ebm_models::mlp::{MlpEnergyConfig, MlpGeneratorConfig};
use ebm_models::noise::NoiseConfig;
use ebm_tests::Normal;
use ebm_train::optim::LionConfig;
use ebm_train::{Components, NonFinitePolicy, Objective, Players, RollbackConfig, TrainConfig, Trainer, TrainingState};
use std::sync::Arc;

struct Case {
    name: String,
    generator: Box<dyn GeneratorConfig>,
    energy: Box<dyn EnergyConfig>,
    lower: Box<dyn LowerBoundConfig>,
    upper: Box<dyn UpperBoundConfig>,
    train: TrainConfig,
}

fn mlp() -> MlpGeneratorConfig {
    MlpGeneratorConfig {
        latent: 2,
        hidden: vec![8],
        batch_norm: true,
        noise: NoiseConfig::Fixed(0.1),
        ..Default::default()
    }
}

fn cases() -> Vec<Case> {
    let iterative = |warm_start| SvConfig {
        variant: Variant::Smallest,
        solver: Solver::Iterative(IterativeSolver {
            steps: 3,
            warm_start,
            ..Default::default()
        }),
        ..Default::default()
    };
    let mi = |estimator| MiConfig {
        estimator,
        ..Default::default()
    };
    type Lower = (&'static str, Box<dyn Fn() -> Box<dyn LowerBoundConfig>>);
    type Upper = (&'static str, Box<dyn Fn() -> Box<dyn UpperBoundConfig>>);
    let lowers: [Lower; 5] = [
        ("sv", Box::new(|| Box::new(SvConfig::default()))),
        ("sv with warm starts", Box::new(move || Box::new(iterative(true)))),
        ("sv without", Box::new(move || Box::new(iterative(false)))),
        ("mi jsd", Box::new(move || Box::new(mi(Estimator::Jsd)))),
        (
            "mi barber-agakov",
            Box::new(move || Box::new(mi(Estimator::BarberAgakov))),
        ),
    ];
    let diffusion = || DiffusionConfig {
        fokker_planck: RegularizerConfig {
            weight: 1.0,
            ..Default::default()
        },
        ..Default::default()
    };
    let uppers: [Upper; 3] = [
        ("gp", Box::new(|| Box::new(GpConfig::default()))),
        ("diffusion", Box::new(move || Box::new(diffusion()))),
        ("none", Box::new(|| Box::new(NoneConfig::default()))),
    ];
    let mut cases = Vec::new();
    for (lower, config) in &lowers {
        for (upper, bound) in &uppers {
            cases.push(Case {
                name: format!("{lower} and {upper}"),
                generator: Box::new(mlp()),
                energy: Box::new(MlpEnergyConfig {
                    hidden: vec![8, 8],
                    spectral_norm: *upper == "none",
                    confinement: 1.0,
                    ..Default::default()
                }),
                lower: config(),
                upper: bound(),
                train: train(),
            });
        }
    }
    let likelihood = TrainConfig {
        objective: Objective::MaximumLikelihood,
        ..train()
    };
    cases.push(Case {
        name: "maximum likelihood".into(),
        generator: Box::new(FlowGeneratorConfig::default()),
        energy: Box::new(MlpEnergyConfig {
            hidden: vec![8],
            confinement: 1.0,
            ..Default::default()
        }),
        lower: Box::new(SvConfig::default()),
        upper: Box::new(GpConfig::default()),
        train: likelihood,
    });
    cases
}

fn train() -> TrainConfig {
    let mut train = TrainConfig {
        steps: 40,
        batch: 16,
        non_finite: NonFinitePolicy::Rollback(RollbackConfig { limit: 1, every: 5 }),
        ..Default::default()
    };
    train.energy.average = 0.9;
    train.generator.average = 0.9;
    train.generator.steps = 2;
    train.energy.optimizer = train.energy.optimizer.with("beta1", 0.5).unwrap();
    train.generator.optimizer = LionConfig::default().into();
    train
}

fn trainer(case: &Case) -> Trainer<Runtime> {
    let parts = Components {
        energy: &*case.energy,
        generator: &*case.generator,
        lower: &*case.lower,
        upper: &*case.upper,
    };
    let geometry = Runtime { latent: 2, data: 2 };
    let players = Players::build(geometry, parts, &case.train, Random::new(3)).unwrap();
    Trainer::new(case.train.clone(), players, Arc::new(Normal), Random::new(4)).unwrap()
}

fn advance(trainer: &mut Trainer<Runtime>, steps: u64) -> Vec<ebm_train::StepReport> {
    (0..steps).map(|_| trainer.advance(true).unwrap()).collect()
}

#[test]
fn every_pair_goes_on_bit_for_bit() {
    for case in cases() {
        let mut whole = trainer(&case);
        advance(&mut whole, 7);
        let state = whole.state().unwrap();
        let truth = advance(&mut whole, 7);

        let mut second = trainer(&case);
        second.resume(state.clone()).unwrap();
        assert_eq!(second.step(), 7, "{}", case.name);
        assert!(second.state().unwrap() == state, "{}: the state itself", case.name);
        let found = advance(&mut second, 7);
        for (found, truth) in found.iter().zip(&truth) {
            assert_eq!(format!("{found:?}"), format!("{truth:?}"), "{}", case.name);
        }
        assert!(second.state().unwrap() == whole.state().unwrap(), "{}", case.name);
    }
}

#[test]
fn the_state_holds_what_training_needs() {
    // Left out of the state, each of these is missed: another state, or another result.
    let case = cases()
        .into_iter()
        .find(|case| case.name == "sv with warm starts and diffusion")
        .unwrap();
    let mut whole = trainer(&case);
    advance(&mut whole, 7);
    let state = whole.state().unwrap();
    let truth = format!("{:?}", advance(&mut whole, 3));
    let owners: Vec<String> = state
        .arrays
        .keys()
        .filter(|owner| !owner.starts_with("mark-"))
        .cloned()
        .collect();
    assert!(owners.iter().any(|owner| owner == "lower-memory"), "{owners:?}");
    for owner in owners {
        let mut less: TrainingState = state.clone();
        less.arrays.remove(&owner);
        let mut second = trainer(&case);
        let missed = match second.resume(less) {
            Err(StateError::Missing { .. }) => true,
            Err(error) => panic!("{owner}: {error}"),
            Ok(()) => format!("{:?}", advance(&mut second, 3)) != truth,
        };
        assert!(missed || owner.ends_with("average"), "{owner}");
    }
}

#[test]
fn the_state_of_another_model_is_refused_by_the_name_of_an_array() {
    let mut cases = cases();
    let mut state = trainer(&cases[0]).state().unwrap();
    cases[0].energy = Box::new(MlpEnergyConfig {
        hidden: vec![9],
        ..Default::default()
    });
    let error = trainer(&cases[0]).resume(state.clone()).unwrap_err();
    assert!(
        matches!(&error, StateError::Shape { name, .. } if name.contains("layers.0")),
        "{error}"
    );
    state.arrays.insert("oracle".into(), Default::default());
    let error = trainer(&first()).resume(state).unwrap_err();
    assert!(
        matches!(&error, StateError::Unknown { name } if name == "oracle"),
        "{error}"
    );
}

fn first() -> Case {
    cases().remove(0)
}
