//! Whatever goes wrong with the numbers, a run ends with models that were seen to work, and says which.

use bounds_gp::GpConfig;
use bounds_sv::{SvConfig, Variant};
use ebm_core::device::{PerSample, Real};
use ebm_core::geometry::{Fixed, Latents, Samples};
use ebm_core::models::{Energy, Generator, GeneratorFacts};
use ebm_core::parameter::{Module, Parameter, State};
use ebm_core::random::Random;
use ebm_core::registry::{LowerBoundSpec, UpperBoundSpec};
use ebm_core::tape::SharedTape;
use ebm_models::mlp::{MlpEnergy, MlpEnergyConfig, MlpGenerator, MlpGeneratorConfig};
use ebm_tests::Normal;
use ebm_train::optim::OptimizerChoice;
use ebm_train::{
    Flow, Objective, Observer, ObserverError, PlayerConfig, Players, StepReport, TrainConfig, TrainError, Trainer,
};
use std::collections::BTreeMap;
use std::sync::Arc;

type Plane = Fixed<2, 2>;
type States = BTreeMap<&'static str, State>;

/// A learning rate that makes weights whose energies overflow.
const ENORMOUS: f64 = if cfg!(feature = "f64") { 1e200 } else { 1e30 };

/// A model that breaks once one of its weights leaves [-limit, limit].
struct Fragile<M> {
    model: M,
    limit: Real,
}

impl<M: Module> Fragile<M> {
    /// 1, or NaN if the model is broken.
    fn one(&self) -> Real {
        let broken = |p: &&Parameter| p.values().iter().any(|w| w.abs() > self.limit);
        if self.model.parameters().iter().any(broken) {
            Real::NAN
        } else {
            1.0
        }
    }
}

impl<M: Module> Module for Fragile<M> {
    fn parameters(&self) -> Vec<&Parameter> {
        self.model.parameters()
    }
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        self.model.parameters_mut()
    }
    fn commit(&mut self) {
        self.model.commit();
    }
}

impl Energy<Plane> for Fragile<MlpEnergy<Plane>> {
    fn geometry(&self) -> Plane {
        Fixed
    }
    fn pushforward(
        &self,
        x: Samples<Plane, SharedTape>,
        v: Samples<Plane, SharedTape>,
    ) -> (PerSample<SharedTape>, PerSample<SharedTape>) {
        let (energies, slopes) = self.model.pushforward(x, v);
        (energies * self.one(), slopes)
    }
}

impl Generator<Plane> for Fragile<MlpGenerator<Plane>> {
    fn geometry(&self) -> Plane {
        Fixed
    }
    fn pushforward(
        &self,
        z: Latents<Plane, SharedTape>,
        v: Latents<Plane, SharedTape>,
    ) -> (Samples<Plane, SharedTape>, Samples<Plane, SharedTape>) {
        let (x, jv) = self.model.pushforward(z, v);
        (x * self.one(), jv)
    }
    fn facts(&self) -> GeneratorFacts {
        self.model.facts()
    }
}

/// The states after every iteration.
#[derive(Default)]
struct Recorder(Vec<States>);
impl Observer<Plane> for Recorder {
    fn on_report(&mut self, trainer: &Trainer<Plane>, _: &StepReport) -> Result<Flow, ObserverError> {
        self.0.push(trainer.states());
        Ok(Flow::Continue)
    }
}

struct Case {
    energy_rate: f64,
    generator_rate: f64,
    energy_limit: Real,
    generator_limit: Real,
    steps: u64,
    objective: Objective,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            energy_rate: 1e-2,
            generator_rate: 1e-2,
            energy_limit: Real::INFINITY,
            generator_limit: Real::INFINITY,
            steps: 40,
            objective: Objective::Bidirectional,
        }
    }
}

/// Trains until something breaks; gives the error's steps (`step`, `restored`).
fn break_down(case: &Case) -> (u64, u64) {
    let geometry: Plane = Fixed;
    let player = |rate| PlayerConfig {
        optimizer: OptimizerChoice::default().with("learning_rate", rate).unwrap(),
        average: 0.9,
        ..Default::default()
    };
    let config = TrainConfig {
        steps: case.steps,
        batch: 16,
        objective: case.objective,
        log_every: 1,
        evaluate_every: 0,
        energy: player(case.energy_rate),
        generator: player(case.generator_rate),
        ..Default::default()
    };
    let random = Random::new(3);
    let energy = || {
        let config = MlpEnergyConfig {
            hidden: vec![8, 8],
            ..Default::default()
        };
        let model = MlpEnergy::new(geometry, &config, random.stream("energy"));
        Box::new(Fragile {
            model,
            limit: case.energy_limit,
        })
    };
    let generator = || {
        let config = MlpGeneratorConfig {
            hidden: vec![8, 8],
            batch_norm: true,
            ..Default::default()
        };
        let model = MlpGenerator::new(geometry, &config, random.stream("generator"));
        Box::new(Fragile {
            model,
            limit: case.generator_limit,
        })
    };
    let lower = SvConfig {
        variant: Variant::LogDet,
        ..Default::default()
    };
    let players = Players {
        energy: energy(),
        generator: generator(),
        lower: lower.build(geometry, random).unwrap(),
        upper: GpConfig::default().build(geometry, random).unwrap(),
        lower_optimizer: None,
        upper_optimizer: None,
        energy_average: Some(energy()),
        generator_average: Some(generator()),
    };
    let mut trainer = Trainer::new(config, players, Arc::new(Normal), random).unwrap();
    let mut recorder = Recorder(vec![trainer.states()]);
    let error = trainer.run(&mut [&mut recorder]).unwrap_err();
    let message = error.to_string();
    let TrainError::NonFinite {
        step, restored, value, ..
    } = error
    else {
        panic!("{message}");
    };
    assert!(!value.is_finite());
    let expected = match restored {
        0 => "the initial ones".to_string(),
        _ => format!("those after step {restored}"),
    };
    assert!(message.contains(&expected), "{message}");
    assert_eq!(trainer.step(), restored);
    let states = trainer.states();
    assert_eq!(states, recorder.0[restored as usize]);
    let finite = |(_, values): &(_, Vec<Real>)| values.iter().all(|v| v.is_finite());
    assert!(states.values().all(|state| state.values().all(finite)), "{states:?}");
    // They work: every term of theirs is finite.
    let report = trainer.bounds(16, random).unwrap();
    if case.objective == Objective::Bidirectional {
        assert!(report.lower.unwrap().value.is_finite() && report.upper.unwrap().value.is_finite());
    }
    assert!(report.data_energy.unwrap().value.is_finite());
    (step, restored)
}

#[test]
fn an_enormous_step_of_the_energy_is_undone() {
    let (step, restored) = break_down(&Case {
        energy_rate: ENORMOUS,
        ..Default::default()
    });
    assert!(step <= 2 && restored == 0, "{step} {restored}");
}

#[test]
fn an_enormous_step_of_the_generator_is_undone() {
    let (step, restored) = break_down(&Case {
        generator_rate: ENORMOUS,
        ..Default::default()
    });
    assert!(step <= 2 && restored == 0, "{step} {restored}");
}

#[test]
fn an_enormous_step_of_exact_likelihood_is_undone() {
    let (step, restored) = break_down(&Case {
        energy_rate: ENORMOUS,
        objective: Objective::MaximumLikelihood,
        ..Default::default()
    });
    assert!(step <= 2 && restored == 0, "{step} {restored}");
}

#[test]
fn a_breakdown_on_the_way_goes_back_to_the_last_models_that_worked() {
    // An energy that breaks in step n is met by the generator's part of that step.
    let (step, restored) = break_down(&Case {
        energy_limit: 0.75,
        ..Default::default()
    });
    assert!(step > 3, "{step}");
    assert_eq!(restored, step - 1);
    // A generator that breaks in step n is met by the energy's part of step n + 1.
    let (step, restored) = break_down(&Case {
        generator_limit: 1.15,
        ..Default::default()
    });
    assert!(step > 3, "{step}");
    assert_eq!(restored, step - 2);
}

#[test]
fn the_last_update_of_a_run_is_proved_good_too() {
    // The generator breaks in the last step, after which no other would notice.
    let (step, _) = break_down(&Case {
        generator_limit: 1.15,
        ..Default::default()
    });
    let (last, restored) = break_down(&Case {
        generator_limit: 1.15,
        steps: step - 1,
        ..Default::default()
    });
    assert_eq!((last, restored), (step - 1, step - 2));
}
