//! Terms that are not finite: skipped, rolled back, or the end of the run; never trained on, never repeated.

use ebm_core::{geometry::Runtime, random::Random};
use ebm_tests::{Faults, Holed, config, square, trainer as build};
use ebm_train::{Fault, NonFinitePolicy, RefineConfig, Remedy, RollbackConfig, SkipConfig, TrainError, Trainer};
use std::sync::Arc;

const STEPS: u64 = 20;
const CONFIG: &str = r#"
generator = "flow"
energy = { kind = "mlp", hidden = [8], confinement = 1.0 }
lower = "sv"
upper = "gp"
train = { steps = 20, batch = 8, energy = { average = 0.9, optimizer = { beta1 = 0.5 } } }
"#;

/// The random numbers that the data of the iteration after `done` ones are drawn from, in a run with these numbers.
fn place_of(base: Random, done: u64) -> Random {
    base.stream("energy-step").at(done).stream("data")
}

fn place(done: u64) -> Random {
    place_of(Random::new(4), done)
}

fn trainer(policy: NonFinitePolicy, hole: impl Fn(Random) -> bool + Send + Sync + 'static) -> Trainer<Runtime> {
    let mut config = config(CONFIG);
    config.train.non_finite = policy;
    let data = Holed(move |_, random| hole(random).then_some(0));
    build(&config, square(2), Arc::new(data))
}

/// A trainer without a hole after so many iterations.
fn undisturbed(policy: NonFinitePolicy, steps: u64) -> Trainer<Runtime> {
    let mut trainer = trainer(policy, |_| false);
    (0..steps).for_each(|_| drop(trainer.advance(false).unwrap()));
    trainer
}

fn run(trainer: &mut Trainer<Runtime>) -> (Vec<Fault>, Result<u64, TrainError>) {
    let mut seen = Faults::default();
    let outcome = trainer.run(&mut [&mut seen]).map(|outcome| outcome.steps);
    (seen.0, outcome)
}

/// Asserts that a run ended in a step, with the models that were there after another.
fn assert_ended(end: &Result<u64, TrainError>, at: u64, with: u64) {
    let is_it = matches!(end, Err(TrainError::NonFinite { step, restored, .. }) if (*step, *restored) == (at, with));
    assert!(is_it, "{end:?}");
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
    let fault = trainer.advance(true).unwrap().fault.unwrap();
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
fn a_skipped_iteration_leaves_the_chains_of_refined_negatives_where_they_were() {
    let mut config = config(CONFIG);
    config.train.non_finite = skip(1);
    config.train.refine = RefineConfig { share: 0.25, buffer: 4, ..Default::default() };
    let data = Holed(|_: usize, random: Random| (random == place(12)).then_some(0));
    let mut trainer = build(&config, square(2), Arc::new(data));
    for _ in 0..12 {
        assert!(trainer.advance(true).unwrap().fault.is_none());
    }
    let before = trainer.state().unwrap();
    assert!(trainer.advance(true).unwrap().fault.is_some());
    assert!(before.arrays.contains_key("refine-memory"));
    assert!(before.arrays == trainer.state().unwrap().arrays);
}

#[test]
fn the_end_comes_when_more_are_to_be_skipped_in_a_row_than_allowed() {
    let holes = [place(12), place(13), place(14)];
    let (faults, end) = run(&mut trainer(skip(3), move |random| holes.contains(&random)));
    assert_eq!((faults.len(), end.unwrap()), (3, STEPS));

    let mut short = trainer(skip(2), move |random| holes.contains(&random));
    let (faults, end) = run(&mut short);
    assert_eq!(faults.len(), 2);
    assert_ended(&end, 15, 14);
    assert!(short.states() == undisturbed(skip(2), 12).states());
}

#[test]
fn training_goes_back_and_does_not_repeat_what_it_went_back_for() {
    let mut holed = trainer(rollback(1), |random| random == place(12));
    let (faults, end) = run(&mut holed);
    assert_eq!(end.unwrap(), STEPS);
    let remedies: Vec<_> = faults.iter().map(|fault| (fault.step, fault.remedy.clone())).collect();
    assert_eq!(remedies, [(13, Remedy::RolledBack { to: 10, times: 1 })]);
    // Up to there it is the undisturbed run; after, it draws other numbers.
    assert!(holed.states() != undisturbed(rollback(1), STEPS).states());
}

#[test]
fn going_back_ends_too() {
    let base = Random::new(4);
    let again = ["1", "2"].map(|times| base.stream("rollback").stream(times));
    let holes = [base, again[0], again[1]].map(|base| place_of(base, 12));
    let mut stuck = trainer(rollback(2), move |random| holes.contains(&random));
    let (faults, end) = run(&mut stuck);
    let times: Vec<_> = faults.iter().map(|fault| fault.remedy.clone()).collect();
    assert_eq!(times, [1, 2].map(|times| Remedy::RolledBack { to: 10, times }));
    assert_ended(&end, 13, 12);
}

#[test]
fn the_noise_goes_with_the_step_wherever_that_goes() {
    let noisy = CONFIG.replace("\"flow\"", "{ kind = \"flow\", noise = { from = 0.5, to = 0.25, over = 16 } }");
    for (policy, step) in [(skip(1), 13), (rollback(1), 10), (NonFinitePolicy::Stop, 12)] {
        let mut config = config(&noisy);
        config.train.non_finite = policy;
        let data = Holed(|_, random: Random| (random == place(12)).then_some(0));
        let mut trainer = build(&config, square(2), Arc::new(data));
        let done = (0..13).all(|_| trainer.advance(false).is_ok());
        assert_eq!((done, trainer.step()), (policy != NonFinitePolicy::Stop, step));
        assert_eq!(trainer.generator().facts().noise, 0.5 - 0.25 * step as f64 / 16.0, "{policy:?}");
    }
}

#[test]
fn a_run_that_went_back_goes_on_from_its_state_as_itself() {
    let hole = |random| random == place(12) || random == place(3);
    for policy in [skip(2), rollback(3)] {
        let mut whole = trainer(policy, hole);
        while whole.step() < 14 {
            whole.advance(false).unwrap();
        }
        let mut second = trainer(policy, hole);
        second.resume(whole.state().unwrap()).unwrap();
        assert_eq!(run(&mut second).1.unwrap(), run(&mut whole).1.unwrap());
        assert!(second.state().unwrap() == whole.state().unwrap(), "{policy:?}");
    }
}

#[test]
fn the_optimiser_of_a_run_that_ended_is_that_of_its_models() {
    let mut ended = trainer(NonFinitePolicy::Stop, |random| random == place(12));
    assert!(run(&mut ended).1.is_err());
    assert!(ended.state().unwrap() == undisturbed(NonFinitePolicy::Stop, 12).state().unwrap());
}
