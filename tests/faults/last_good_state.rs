//! Whatever goes wrong with the numbers, a run ends with models that were seen to work, and reports which.

use bounds_gp::GpConfig;
use bounds_sv::SvConfig;
use ebm_core::registry::{LowerBoundSpec, UpperBoundSpec};
use ebm_core::{models::GeneratorFacts, prelude::*};
use ebm_models::mlp::{MlpEnergy, MlpGenerator};
use ebm_tests::{Normal, config, options};
use ebm_train::{Flow, Objective, Observer, ObserverError, Players, StepReport, TrainError, Trainer};
use std::{collections::BTreeMap, sync::Arc};

type Plane = Fixed<2, 2>;
type States = BTreeMap<&'static str, State>;

/// A learning rate that makes weights whose energies overflow.
const ENORMOUS: f64 = if cfg!(feature = "f64") { 1e200 } else { 1e30 };
const TRAIN: &str = r#"
[train]
batch = 16
log_every = 1
evaluate_every = 0
energy.average = 0.9
generator.average = 0.9
"#;

/// A model that breaks once one of its weights leaves [-limit, limit].
struct Fragile<M> {
    model: M,
    limit: Real,
}

impl<M: Module> Fragile<M> {
    /// 1, or NaN if the model is broken.
    fn one(&self) -> Real {
        let broken = |p: &&Parameter| p.values().iter().any(|w| w.abs() > self.limit);
        let parameters = self.model.parameters();
        if parameters.iter().any(broken) { Real::NAN } else { 1.0 }
    }
}

ebm_core::module!([M: Module] Fragile<M>: model);

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
struct Recorder(Vec<States>);
impl Observer<Plane> for Recorder {
    fn on_report(&mut self, trainer: &Trainer<Plane>, _: &StepReport) -> Result<Flow, ObserverError> {
        self.0.push(trainer.states());
        Ok(Flow::Continue)
    }
}

/// The learning rates of the two, where they break, and the length of training.
struct Case {
    rates: [f64; 2],
    limits: [Real; 2],
    steps: u64,
    objective: Objective,
}

const ORDINARY: Case =
    Case { rates: [1e-2; 2], limits: [Real::INFINITY; 2], steps: 40, objective: Objective::Bidirectional };

impl Case {
    fn players(&self, random: Random) -> Players<Plane> {
        let [energy_limit, generator_limit] = self.limits;
        let energy = || {
            let model = MlpEnergy::new(Fixed, &options("hidden = [8, 8]"), random.stream("energy"));
            Box::new(Fragile { model, limit: energy_limit })
        };
        let generator = || {
            let config = options("hidden = [8, 8], batch_norm = true");
            let model = MlpGenerator::new(Fixed, &config, random.stream("generator"));
            Box::new(Fragile { model, limit: generator_limit })
        };
        let lower: SvConfig = options("variant = 'log-det'");
        Players {
            energy: energy(),
            generator: generator(),
            lower: lower.build(Fixed, random).unwrap(),
            upper: GpConfig::default().build(Fixed, random).unwrap(),
            lower_optimizer: None,
            upper_optimizer: None,
            energy_average: Some(energy()),
            generator_average: Some(generator()),
        }
    }
}

/// Trains until something breaks; gives the error's steps (`step`, `restored`).
fn break_down(case: &Case) -> (u64, u64) {
    let mut train = config(TRAIN).train;
    train.steps = case.steps;
    train.objective = case.objective;
    for (player, rate) in [&mut train.energy, &mut train.generator].into_iter().zip(case.rates) {
        player.optimizer = player.optimizer.with("learning_rate", rate).unwrap();
    }
    let random = Random::new(3);
    let mut trainer = Trainer::new(train, case.players(random), Arc::new(Normal), random).unwrap();
    let mut recorder = Recorder(vec![trainer.states()]);
    let error = trainer.run(&mut [&mut recorder]).unwrap_err();
    let message = error.to_string();
    let TrainError::NonFinite { step, restored, value, .. } = error else {
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
fn an_enormous_step_is_undone() {
    for case in [
        Case { rates: [ENORMOUS, 1e-2], ..ORDINARY },
        Case { rates: [1e-2, ENORMOUS], ..ORDINARY },
        Case { rates: [ENORMOUS, 1e-2], objective: Objective::MaximumLikelihood, ..ORDINARY },
    ] {
        let (step, restored) = break_down(&case);
        assert!(step <= 2 && restored == 0, "{step} {restored}");
    }
}

#[test]
fn a_breakdown_on_the_way_goes_back_to_the_last_models_that_worked() {
    // An energy that breaks in step n is met by the generator's part of that step.
    let (step, restored) = break_down(&Case { limits: [0.75, Real::INFINITY], ..ORDINARY });
    assert!(step > 3, "{step}");
    assert_eq!(restored, step - 1);
    // A generator that breaks in step n is met by the energy's part of step n + 1.
    let fragile = Case { limits: [Real::INFINITY, 1.15], ..ORDINARY };
    let (step, restored) = break_down(&fragile);
    assert!(step > 3, "{step}");
    assert_eq!(restored, step - 2);
    // Where that is the last step, after which no other would notice, it is proved good too.
    assert_eq!(break_down(&Case { steps: step - 1, ..fragile }), (step - 1, step - 2));
}
