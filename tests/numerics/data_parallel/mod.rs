//! Several ranks, each with its share of every batch, train what one process does with all of it.
//!
//! The ranks are threads here; the parts that differ under MPI are tested with the command line.

mod faults;
mod observed;
mod problem;

use ebm_core::device::Real;
use ebm_train::{StepReport, TrainingState};

use problem::{BATCH, Problem, coupled, distance, exact, on_each, set_rate, warm};

/// The largest change of a weight by rounding in 100 steps.
const TOLERANCE: f64 = if size_of::<Real>() == 4 { 1e-5 } else { 1e-9 };

/// The reports and the state of one process.
fn trained_alone(problem: &Problem) -> (Vec<StepReport>, TrainingState) {
    let mut trainer = problem.trainer();
    let reports = (0..100).map(|_| trainer.advance(true).unwrap()).collect();
    (reports, trainer.state().unwrap())
}

/// What ranks report to be no mean over the samples, and the state that they end with: to the last bit the same on all of them.
fn trained_by(ranks: usize, problem: &Problem, from: Option<&TrainingState>) -> (Vec<String>, TrainingState) {
    let mut all = on_each(ranks, |rank| {
        let mut trainer = problem.trainer_of(rank);
        if let Some(state) = from {
            trainer.resume(state.clone()).unwrap();
        }
        let told = trainer.couplings().unwrap();
        trainer.run(&mut []).unwrap();
        assert_eq!(trainer.step(), problem.config.train.steps);
        (told, trainer.state().unwrap())
    });
    assert!(all.iter().all(|other| other == &all[0]), "{}", problem.name);
    all.swap_remove(0)
}

#[test]
fn of_means_several_ranks_train_what_one_process_does() {
    for problem in exact() {
        let (reports, truth) = trained_alone(&problem);
        for ranks in [2, 4] {
            let name = format!("{} on {ranks} ranks", problem.name);
            let (told, state) = trained_by(ranks, &problem, None);
            assert_eq!(told, [""; 0], "{name}");
            let far = distance(&state, &truth);
            assert!(far <= TOLERANCE, "{name}: {far:e}");

            let pooled = on_each(ranks, |rank| {
                let mut trainer = problem.trainer_of(rank);
                (0..3).map(|_| trainer.advance(true).unwrap()).collect::<Vec<_>>()
            });
            for (pooled, report) in pooled.iter().flat_map(|of_rank| of_rank.iter().zip(&reports)) {
                agree(&name, pooled, report);
            }
        }
    }
}

/// A report of several ranks is of the whole batch.
fn agree(name: &str, pooled: &StepReport, report: &StepReport) {
    let close = |what: &str, a: f64, b: f64| {
        let (far, step) = ((a - b).abs(), report.step);
        assert!(far <= 10.0 * TOLERANCE * (1.0 + b.abs()), "{name}, step {step}: {what} {a} {b}");
    };
    let pairs = [
        ("E_data", &pooled.data_energy, &report.data_energy),
        ("E_pg", &pooled.generated_energy, &report.generated_energy),
        ("floor(H)", &pooled.entropy, &report.entropy),
        ("divergence", &pooled.divergence, &report.divergence),
        ("floor(L)", &pooled.lower, &report.lower),
    ];
    for (what, pooled, alone) in pairs {
        assert_eq!(pooled.is_some(), alone.is_some(), "{name}: {what}");
        if let (Some(pooled), Some(alone)) = (pooled, alone) {
            close(what, pooled.value, alone.value);
            assert_eq!(pooled.samples, alone.samples);
            assert_eq!(pooled.guarantee.level, alone.guarantee.level);
        }
    }
    if let (Some(pooled), Some(alone)) = (&pooled.data_energy, &report.data_energy) {
        close("standard error", pooled.standard_error, alone.standard_error);
    }
    let numbers = |report: &StepReport| {
        let norms = [report.energy_gradient_norm, report.generator_gradient_norm];
        [report.energy_loss, report.generator_loss].into_iter().chain(norms).map(|number| number.unwrap_or(0.0))
    };
    numbers(pooled).zip(numbers(report)).for_each(|(pooled, alone)| close("a loss or norm", pooled, alone));
}

#[test]
fn what_is_said_to_differ_does_and_the_ranks_stay_together() {
    for (mut problem, word) in coupled() {
        set_rate(&mut problem.config.train.energy, 2e-4);
        set_rate(&mut problem.config.train.generator, 2e-4);
        let (told, state) = trained_by(4, &problem, None);
        let of_it = told.len() == 1 && told[0].starts_with(word);
        assert!(of_it, "{}: {told:?}", problem.name);
        assert!(distance(&state, &trained_alone(&problem).1) > TOLERANCE, "{}", problem.name);
    }
}

#[test]
fn a_state_goes_on_with_any_number_of_ranks() {
    let mut problem = warm();
    problem.config.train.evaluate_every = 10;
    let (_, truth) = trained_alone(&problem);
    // 30 steps by four ranks, 30 by two, the rest by one process; the schedule is constant, so `steps` says only when to stop.
    let mut state = None;
    for (ranks, steps) in [(4, 30), (2, 60), (1, 100)] {
        problem.config.train.steps = steps;
        let (_, reached) = trained_by(ranks, &problem, state.as_ref());
        let (shape, _) = &reached.arrays["lower-memory"]["warm_start"];
        assert_eq!(shape, &[BATCH, 2], "a row for each sample of the whole batch");
        state = Some(reached);
    }
    let far = distance(&state.unwrap(), &truth);
    assert!(far <= TOLERANCE, "{far:e}");
}

#[test]
fn a_batch_that_cannot_be_shared_is_refused_with_both_numbers() {
    let problem = warm();
    let errors = on_each(5, |rank| problem.trainer().with_process_group(rank).err().unwrap());
    let expected = "train.batch = 24: expected a multiple of 5, the number of processes: each has as many samples";
    assert_eq!(errors[0].to_string(), expected);
    let mut refined = warm();
    refined.config.train.refine.share = 0.25;
    let errors = on_each(4, |rank| refined.trainer().with_process_group(rank).err().unwrap());
    let expected = "train.refine.share = 0.25: expected a share of train.batch = 24 that is a multiple of 4 samples";
    assert!(errors[0].to_string().starts_with(expected), "{}", errors[0]);
    // Four samples are too few for a group of five.
    let mut coupled = coupled().into_iter();
    let (problem, _) = coupled.find(|(problem, _)| problem.name == "mi infonce").unwrap();
    let errors = on_each(6, |rank| problem.trainer().with_process_group(rank).err().unwrap());
    let expected = "lower.group = 5: expected at most train.batch = 4";
    assert!(errors[3].to_string().starts_with(expected), "{}", errors[3]);
}

#[test]
fn one_rank_of_one_is_a_process_alone() {
    let problem = warm();
    assert_eq!(trained_by(1, &problem, None).1, trained_alone(&problem).1);
}
