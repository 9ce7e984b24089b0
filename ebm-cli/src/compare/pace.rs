//! How long a training step takes.

use ebm_core::geometry::Geometry;
use ebm_train::{TrainError, Trainer};
use std::time::{Duration, Instant};

use crate::exit::Failure;
use crate::interrupt::Interrupt;

/// Rounds, over which the candidates take turns: what slows the machine down for a while slows them all.
const ROUNDS: usize = 7;
/// Time of one candidate's round, about.
const ROUND: Duration = Duration::from_millis(150);
/// Steps before anything is measured: buffers, caches, the processor's clock.
const WARM_UP: u32 = 5;

/// Something whose steps are timed.
pub trait Stepper {
    /// Does one training step, and nothing else: no report, no evaluation.
    ///
    /// # Errors
    /// If the step cannot be done.
    fn step(&mut self) -> Result<(), TrainError>;
}

impl<G: Geometry> Stepper for Trainer<G> {
    fn step(&mut self) -> Result<(), TrainError> {
        self.advance(false).map(drop)
    }
}

/// How long a training step takes: the mean over the fastest of several rounds. Other work on the machine only ever adds
/// time, so the fastest round is the one that tells most about the step.
#[derive(Clone, Debug, PartialEq)]
pub enum Pace {
    /// Seconds a step.
    Seconds(f64),
    /// Training broke down before it could be timed; why.
    Unknown(String),
}

impl Pace {
    /// Seconds a step, if known.
    pub fn seconds(&self) -> Option<f64> {
        match self {
            Self::Seconds(seconds) => Some(*seconds),
            Self::Unknown(_) => None,
        }
    }
}

/// Times the steps of several trainers, in turns. `fail` makes an end of the command of an error that is no divergence:
/// a bound that does not fit its models, say.
///
/// # Errors
/// What `fail` made, or that somebody asked to stop.
pub fn measure(
    candidates: &mut [Box<dyn Stepper>],
    interrupt: &Interrupt,
    fail: impl Fn(usize, TrainError) -> Failure,
) -> Result<Vec<Pace>, Failure> {
    let mut paces: Vec<Pace> = candidates.iter().map(|_| Pace::Seconds(f64::INFINITY)).collect();
    let mut steps = vec![1; candidates.len()];
    for round in 0..=ROUNDS {
        for (index, candidate) in candidates.iter_mut().enumerate() {
            interrupt.check()?;
            let Pace::Seconds(best) = paces[index] else { continue };
            let warms_up = round == 0;
            let count = if warms_up { WARM_UP } else { steps[index] };
            let started = Instant::now();
            let done = (0..count).try_for_each(|_| candidate.step());
            let taken = started.elapsed().as_secs_f64() / f64::from(count);
            match done {
                Err(error @ TrainError::NonFinite { .. }) => paces[index] = Pace::Unknown(error.to_string()),
                Err(error) => return Err(fail(index, error)),
                Ok(()) if warms_up => steps[index] = (ROUND.as_secs_f64() / taken).clamp(1.0, 1e6) as u32,
                Ok(()) => paces[index] = Pace::Seconds(best.min(taken)),
            }
        }
    }
    Ok(paces)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sleeps, and breaks down after a number of steps.
    struct Sleeper(u64, u32);

    impl Stepper for Sleeper {
        fn step(&mut self) -> Result<(), TrainError> {
            std::thread::sleep(Duration::from_micros(self.0));
            self.1 = self.1.saturating_sub(1);
            match self.1 {
                0 => Err(TrainError::NonFinite {
                    step: 1,
                    term: "E_data[E]".into(),
                    value: f64::NAN,
                    restored: 0,
                    advice: String::new(),
                }),
                _ => Ok(()),
            }
        }
    }

    #[test]
    fn every_step_takes_at_least_its_time_and_a_breakdown_has_none() {
        let mut all: Vec<Box<dyn Stepper>> = vec![Box::new(Sleeper(20_000, 1_000)), Box::new(Sleeper(10, 3))];
        let fail = |_, error: TrainError| Failure::new(crate::exit::Exit::Other, error);
        let paces = measure(&mut all, &Interrupt::default(), fail).unwrap();
        assert!(paces[0].seconds().unwrap() >= 0.02, "{paces:?}");
        assert!(
            matches!(&paces[1], Pace::Unknown(reason) if reason.contains("E_data[E]")),
            "{paces:?}"
        );
    }
}
