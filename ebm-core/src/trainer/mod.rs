//! The minimax trainer.
//!
//! One iteration is a number of energy steps, each minimising `E_data[E] - E_pg[E] + ceil(KL)` over the energy, and a
//! number of generator steps, each minimising `E_pg[E] - lambda floor(H)` over the generator.
//!
//! ```
//! # use std::sync::Arc;
//! # use ebm_core::bounds::{EnergyView, Estimate, GeneratorView, Guarantee, LowerBound, Measurement, UpperBound};
//! # use ebm_core::data::Dataset;
//! # use ebm_core::device::Real;
//! # use ebm_core::error::BoundError;
//! # use ebm_core::geometry::{Fixed, Geometry};
//! # use ebm_core::models::closed_form::{LinearGaussian, QuadraticEnergy};
//! # use ebm_core::random::Random;
//! # struct Constant(f64);
//! # ebm_core::no_parameters!(Constant);
//! # fn constant(value: f64, tape: &ebm_core::tape::SharedTape) -> Result<Estimate, BoundError> {
//! #     let measurement = Measurement::exact(value, 8, Guarantee::heuristic("a constant"));
//! #     Ok(Estimate::new(tape.constant(value), measurement))
//! # }
//! # impl<G: Geometry> LowerBound<G> for Constant {
//! #     fn entropy(&mut self, view: &GeneratorView<'_, G>) -> Result<Estimate, BoundError> {
//! #         constant(self.0, &view.tape)
//! #     }
//! # }
//! # impl<G: Geometry> UpperBound<G> for Constant {
//! #     fn divergence(&mut self, view: &EnergyView<'_, G>) -> Result<Estimate, BoundError> {
//! #         constant(self.0, &view.tape)
//! #     }
//! # }
//! # struct Normal;
//! # impl Dataset for Normal {
//! #     fn width(&self) -> usize {
//! #         1
//! #     }
//! #     fn draw(&self, n: usize, random: Random) -> Vec<Real> {
//! #         random.normals(n)
//! #     }
//! #     fn held_out(&self, n: usize, random: Random) -> Vec<Real> {
//! #         random.stream("held out").normals(n)
//! #     }
//! # }
//! use ebm_core::trainer::{
//!     Flow, Observer, ObserverError, Outcome, Players, Progress, StepReport, StopReason, TrainConfig, Trainer,
//!     TrainingState,
//! };
//!
//! // On the line: a quadratic energy, a linear generator, data from N(0, 1), bounds that are constants.
//! let trainer = || {
//!     let players = Players::<Fixed<1, 1>> {
//!         energy: Box::new(QuadraticEnergy::new(Fixed::<1, 1>, &[1.0], &[0.0])),
//!         generator: Box::new(LinearGaussian::new(Fixed::<1, 1>, &[2.0], &[0.0], 0.0)),
//!         lower: Box::new(Constant(1.0)),
//!         upper: Box::new(Constant(0.0)),
//!         energy_average: None,
//!         generator_average: None,
//!     };
//!     let config: TrainConfig = toml::from_str("steps = 4\nbatch = 8").unwrap();
//!     Trainer::new(config, players, Arc::new(Normal), Random::new(0))
//! };
//!
//! /// Keeps the reports, and stops after three steps.
//! #[derive(Default)]
//! struct Watcher(Vec<StepReport>);
//!
//! impl<G: Geometry> Observer<G> for Watcher {
//!     fn on_report(&mut self, _: &Trainer<G>, report: &StepReport) -> Result<Flow, ObserverError> {
//!         self.0.push(report.clone());
//!         Ok(Flow::Continue)
//!     }
//!     fn on_step(&mut self, step: u64) -> Result<Flow, ObserverError> {
//!         Ok(if step == 3 { Flow::Stop("enough".into()) } else { Flow::Continue })
//!     }
//! }
//!
//! let (mut first, mut watcher) = (trainer()?, Watcher::default());
//! let outcome: Outcome = first.run(&mut [&mut watcher])?;
//! assert_eq!((outcome.steps, outcome.reason), (3, StopReason::Requested("enough".into())));
//! // Of iterations of which every hundredth is reported, the first is too: floor(L) = E_data[E] - E_pg[E] + floor(H).
//! let value = |term: &Option<Measurement>| term.as_ref().unwrap().value;
//! let report = &watcher.0[0];
//! let floor = value(&report.data_energy) - value(&report.generated_energy) + 1.0;
//! assert_eq!((watcher.0.len(), report.step), (1, 1));
//! assert!((value(&report.lower) - floor).abs() < 1e-9);
//!
//! // What the next iterations depend on can go to another trainer, and that one ends where an undisturbed one does.
//! let (mut second, mut undisturbed) = (trainer()?, trainer()?);
//! let state: TrainingState = first.state()?;
//! let progress: &Progress = &state.progress;
//! assert_eq!((progress.step, progress.rollbacks), (3, 0));
//! second.resume(state)?;
//! assert_eq!(second.run(&mut [])?.reason, StopReason::Completed);
//! undisturbed.run(&mut [])?;
//! assert_eq!(second.states(), undisturbed.states());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod assess;
mod best;
mod check;
mod config;
mod draws;
mod energy_step;
mod error;
mod generator_step;
mod likelihood;
mod non_finite;
mod observer;
mod outcome;
mod phase_times;
mod players;
mod recover;
mod report;
mod snapshot;
mod state;
mod team;
mod training;

pub use config::{Objective, PlayerConfig, StopConfig, TrainConfig};
pub use error::{Origin, TrainError};
pub use non_finite::{Fault, NonFinitePolicy, Remedy, RollbackConfig, SkipConfig};
pub use observer::{Evaluation, Flow, Observer, ObserverError};
pub use outcome::{Outcome, StopReason};
pub use phase_times::PhaseTimes;
pub use players::{Components, Players};
pub use report::StepReport;
pub use state::{Progress, TrainingState};
pub use training::Trainer;
