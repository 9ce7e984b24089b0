//! Terms that are not finite: left out, gone back for, or the end; never trained on, never repeated.

use bounds_gp::GpConfig;
use bounds_sv::SvConfig;
use ebm_core::data::Dataset;
use ebm_core::device::Real;
use ebm_core::geometry::Runtime;
use ebm_core::random::Random;
use ebm_models::flow::FlowGeneratorConfig;
use ebm_models::mlp::MlpEnergyConfig;
use ebm_train::{
    Components, Fault, Flow, NonFinitePolicy, Observer, ObserverError, Players, Remedy, RollbackConfig, SkipConfig,
    TrainConfig, TrainError, Trainer,
};
use std::sync::Arc;

const STEPS: u64 = 20;

/// Normal data with a NaN in the draws of some iterations.
struct Holed {
    /// Whether a draw has a NaN.
    hole: Box<dyn Fn(Random) -> bool + Send + Sync>,
}

impl Dataset for Holed {
    fn width(&self) -> usize {
        2
    }
    fn draw(&self, n: usize, random: Random) -> Vec<Real> {
        let mut draws = random.normals(2 * n);
        if (self.hole)(random) {
            draws[0] = Real::NAN;
        }
        draws
    }
    fn held_out(&self, n: usize, random: Random) -> Vec<Real> {
        random.stream("held out").normals(2 * n)
    }
}

/// Where an undisturbed run draws the data of the iteration after `done` ones.
fn place(done: u64) -> Random {
    Random::new(4).stream("energy-step").at(done).stream("data")
}

fn trainer(policy: NonFinitePolicy, hole: impl Fn(Random) -> bool + Send + Sync + 'static) -> Trainer<Runtime> {
    let (energy, generator) = (
        MlpEnergyConfig {
            hidden: vec![8],
            confinement: 1.0,
            ..Default::default()
        },
        FlowGeneratorConfig::default(),
    );
    let (lower, upper) = (SvConfig::default(), GpConfig::default());
    let parts = Components {
        energy: &energy,
        generator: &generator,
        lower: &lower,
        upper: &upper,
    };
    let mut train = TrainConfig {
        steps: STEPS,
        batch: 8,
        non_finite: policy,
        ..Default::default()
    };
    train.energy.average = 0.9;
    train.energy.optimizer = train.energy.optimizer.with("beta1", 0.5).unwrap();
    let players = Players::build(Runtime { latent: 2, data: 2 }, parts, &train, Random::new(3)).unwrap();
    let data = Holed { hole: Box::new(hole) };
    Trainer::new(train, players, Arc::new(data), Random::new(4)).unwrap()
}

#[derive(Default)]
struct Seen(Vec<Fault>);

impl Observer<Runtime> for Seen {
    fn on_fault(&mut self, fault: &Fault) -> Result<Flow, ObserverError> {
        self.0.push(fault.clone());
        Ok(Flow::Continue)
    }
}

fn run(trainer: &mut Trainer<Runtime>) -> (Vec<Fault>, Result<u64, TrainError>) {
    let mut seen = Seen::default();
    let outcome = trainer.run(&mut [&mut seen]).map(|outcome| outcome.steps);
    (seen.0, outcome)
}

fn skip(limit: u64) -> NonFinitePolicy {
    NonFinitePolicy::Skip(SkipConfig { limit })
}

fn rollback(limit: u64) -> NonFinitePolicy {
    NonFinitePolicy::Rollback(RollbackConfig { limit, every: 5 })
}

#[test]
fn a_skipped_iteration_changes_nothing_but_the_step() {
    let mut trainer = trainer(skip(1), |random| random == place(12));
    for _ in 0..12 {
        assert!(trainer.advance(true).unwrap().fault.is_none());
    }
    let before = trainer.state().unwrap();
    let report = trainer.advance(true).unwrap();
    let fault = report.fault.unwrap();
    assert_eq!((fault.step, &fault.remedy), (13, &Remedy::Skipped { in_a_row: 1 }));
    assert!(fault.reason.contains("E_data[E] is NaN"), "{fault}");
    let after = trainer.state().unwrap();
    assert!(before.arrays == after.arrays);
    assert_eq!((after.progress.step, after.progress.skipped), (13, 1));

    // A later one counts from the start again.
    let (faults, end) = run(&mut trainer);
    assert_eq!((faults, end.unwrap()), (Vec::new(), STEPS));
    assert_eq!(trainer.state().unwrap().progress.skipped, 0);
}

#[test]
fn the_end_comes_when_more_are_to_be_skipped_in_a_row_than_allowed() {
    let holes = [place(12), place(13), place(14)];
    let (faults, end) = run(&mut trainer(skip(3), move |random| holes.contains(&random)));
    assert_eq!((faults.len(), end.unwrap()), (3, STEPS));

    let mut short = trainer(skip(2), move |random| holes.contains(&random));
    let mut truth = trainer(skip(2), |_| false);
    (0..12).for_each(|_| drop(truth.advance(false).unwrap()));
    let (faults, end) = run(&mut short);
    assert_eq!(faults.len(), 2);
    assert!(
        matches!(
            end,
            Err(TrainError::NonFinite {
                step: 15,
                restored: 14,
                ..
            })
        ),
        "{end:?}"
    );
    assert!(short.states() == truth.states());
}

#[test]
fn training_goes_back_and_does_not_repeat_what_it_went_back_for() {
    let mut holed = trainer(rollback(1), |random| random == place(12));
    let (faults, end) = run(&mut holed);
    assert_eq!(end.unwrap(), STEPS);
    let remedies: Vec<_> = faults.iter().map(|fault| (fault.step, fault.remedy.clone())).collect();
    assert_eq!(remedies, [(13, Remedy::RolledBack { to: 10, times: 1 })]);
    // Up to there it is the undisturbed run; after, it draws other numbers.
    let mut truth = trainer(rollback(1), |_| false);
    run(&mut truth).1.unwrap();
    assert!(holed.states() != truth.states());
}

#[test]
fn going_back_ends_too() {
    let base = Random::new(4);
    let again = ["1", "2"].map(|times| base.stream("rollback").stream(times));
    let holes = [base, again[0], again[1]].map(|base| base.stream("energy-step").at(12).stream("data"));
    let mut stuck = trainer(rollback(2), move |random| holes.contains(&random));
    let (faults, end) = run(&mut stuck);
    let times: Vec<_> = faults.iter().map(|fault| fault.remedy.clone()).collect();
    assert_eq!(times, [1, 2].map(|times| Remedy::RolledBack { to: 10, times }));
    assert!(
        matches!(
            end,
            Err(TrainError::NonFinite {
                step: 13,
                restored: 12,
                ..
            })
        ),
        "{end:?}"
    );
}

#[test]
fn a_run_that_went_back_goes_on_from_its_state_as_itself() {
    let hole = |random| random == place(12) || random == place(3);
    for policy in [skip(2), rollback(3)] {
        let mut whole = trainer(policy, hole);
        while whole.step() < 14 {
            whole.advance(false).unwrap();
        }
        let state = whole.state().unwrap();
        let mut second = trainer(policy, hole);
        second.resume(state).unwrap();
        assert_eq!(run(&mut second).1.unwrap(), run(&mut whole).1.unwrap());
        assert!(second.state().unwrap() == whole.state().unwrap(), "{policy:?}");
    }
}

#[test]
fn the_optimiser_of_a_run_that_ended_is_that_of_its_models() {
    let mut ended = trainer(NonFinitePolicy::Stop, |random| random == place(12));
    let mut truth = trainer(NonFinitePolicy::Stop, |_| false);
    (0..12).for_each(|_| drop(truth.advance(false).unwrap()));
    assert!(run(&mut ended).1.is_err());
    assert!(ended.state().unwrap() == truth.state().unwrap());
}
