//! The time of a training step for each pair, and for the baseline.

use ebm_train::TrainError;
use serde_json::{Value, json};
use std::iter::zip;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::commands::fresh_trainer::{Purpose, fresh_trainer, training_failure};
use crate::compare::{Baseline, Timing};
use crate::dispatch::{widths, with_geometry};
use crate::exit::{Exit, Failure, OrExit};
use crate::series::{Plan, differences};
use crate::{commands::loaded_run::load_data, config::Resolved, interrupt::Interrupt, output::say};

/// Number of rounds, in which the candidates take turns: what slows the machine down for a while slows them all.
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(150);
/// Warm-up steps before anything is measured: buffers, caches, the processor's clock.
const WARM_UP: u32 = 5;

/// Does one training step of a candidate and nothing else: no report, no evaluation.
type Step = Box<dyn FnMut() -> Result<(), TrainError>>;

/// Builds the models of each pair, and of the baseline with its name and folder of data if there is one, and times their
/// steps. Returns the timing of each pair, and the reference that costs are relative to.
pub(super) fn timings(
    plan: &Plan,
    pairs: &[String],
    other: Option<(String, Resolved, PathBuf)>,
    quiet: bool,
    interrupt: &Interrupt,
) -> Result<(Vec<Timing>, Baseline), Failure> {
    let pairs = zip(pairs, plan.firsts()).map(|(name, run)| (name, &run.resolved, &*plan.base));
    let other = other.as_ref().map(|(name, resolved, base)| (name, resolved, &**base));
    let candidates: Vec<(&String, &Resolved, &Path)> = pairs.chain(other).collect();
    let mut steps = Vec::new();
    for (name, resolved, base) in &candidates {
        steps.push(step_of(resolved, base).map_err(|failure| failure.within(name))?);
    }
    let names: Vec<&str> = candidates.iter().map(|(name, ..)| name.as_str()).collect();
    say(quiet, &format!("timing the steps of {}", names.join(", ")))?;
    let fail = |index: usize, error| training_failure(candidates[index].1, error).within(names[index]);
    let rates = rates(&mut steps, interrupt, fail)?;
    let baseline = if other.is_some() { names.len() - 1 } else { 0 };
    let work = work_of(candidates[baseline].1)?;
    let timing = |(rate, (_, resolved, _)): (&Result<f64, String>, &(_, &Resolved, _))| {
        Ok(Timing { rate: rate.clone(), unlike_baseline: differences(&work, &work_of(resolved)?) })
    };
    let timed = zip(&rates, &candidates).take(candidates.len() - usize::from(other.is_some())).map(timing);
    let steps_per_second = rates[baseline].as_ref().ok().copied();
    Ok((timed.collect::<Result<_, Failure>>()?, Baseline { name: names[baseline].into(), steps_per_second }))
}

/// The settings beside the bounds that affect the time of a step.
fn work_of(resolved: &Resolved) -> Result<Value, Failure> {
    let config = serde_json::to_value(&resolved.config).or_exit(Exit::Other)?;
    let train = &config["train"];
    let player = |name: &str| {
        let average = train[name]["average"].as_f64().is_some_and(|average| average > 0.0);
        json!({ "steps": train[name]["steps"], "average": average })
    };
    Ok(json!({
        "data": config["data"],
        "generator": config["generator"],
        "energy": config["energy"],
        "train": { "batch": train["batch"], "energy": player("energy"), "generator": player("generator") },
    }))
}

fn step_of(resolved: &Resolved, base: &Path) -> Result<Step, Failure> {
    let data = load_data(&resolved.config, base)?;
    with_geometry!(widths(&resolved.config, data.width()), |geometry| {
        let mut trainer = fresh_trainer(resolved, data, geometry, Purpose::Training { processes: 1 })?;
        Ok(Box::new(move || trainer.advance(false).map(drop)))
    })
}

/// Times the steps of several candidates, in turns: steps a second, or why training broke down before it could be timed. It is
/// the mean over the fastest of several rounds: other work on the machine only ever adds time, so the fastest round tells most
/// about the step. `fail` turns an error that is not a divergence, such as a bound that does not fit its models, into that of
/// the command.
fn rates(
    candidates: &mut [Step],
    interrupt: &Interrupt,
    fail: impl Fn(usize, TrainError) -> Failure,
) -> Result<Vec<Result<f64, String>>, Failure> {
    let mut rates: Vec<Result<f64, String>> = vec![Ok(0.0); candidates.len()];
    let mut steps = vec![WARM_UP; candidates.len()];
    for round in 0..=ROUNDS {
        for (index, step) in candidates.iter_mut().enumerate() {
            interrupt.check()?;
            let Ok(best) = rates[index] else { continue };
            let started = Instant::now();
            let done = (0..steps[index]).try_for_each(|_| step());
            let rate = f64::from(steps[index]) / started.elapsed().as_secs_f64();
            match done {
                Err(error @ TrainError::NonFinite { .. }) => rates[index] = Err(error.to_string()),
                Err(error) => return Err(fail(index, error)),
                Ok(()) if round == 0 => steps[index] = (ROUND.as_secs_f64() * rate).clamp(1.0, 1e6) as u32,
                Ok(()) => rates[index] = Ok(best.max(rate)),
            }
        }
    }
    Ok(rates)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sleeps, and breaks down at the last of a number of steps.
    fn sleeper(microseconds: u64, mut left: u32) -> Step {
        Box::new(move || {
            std::thread::sleep(Duration::from_micros(microseconds));
            left -= 1;
            match left {
                0 => Err(TrainError::NonFinite {
                    step: 1,
                    term: "E_data[E]".into(),
                    value: f64::NAN,
                    restored: 0,
                    advice: String::new(),
                }),
                _ => Ok(()),
            }
        })
    }

    #[test]
    fn every_step_takes_at_least_its_time_and_a_breakdown_has_none() {
        let fail = |_, error: TrainError| Failure::new(Exit::Other, error);
        let mut all = [sleeper(20_000, 1_000), sleeper(10, 3)];
        let rates = rates(&mut all, &Interrupt::default(), fail).unwrap();
        assert!(rates[0].as_ref().is_ok_and(|rate| *rate <= 50.0), "{rates:?}");
        assert!(rates[1].as_ref().is_err_and(|reason| reason.contains("E_data[E]")), "{rates:?}");
    }
}
