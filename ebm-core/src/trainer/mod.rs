//! The minimax trainer.
//!
//! One iteration is a number of energy steps, each minimising `E_data[E] - E_pg[E] + ceil(KL)` over the energy, and a
//! number of generator steps, each minimising `E_pg[E] - lambda floor(H)` over the generator.

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
mod players;
mod recover;
mod report;
mod snapshot;
mod state;
mod training;

pub use config::{Objective, PlayerConfig, StopConfig, TrainConfig};
pub use error::TrainError;
pub use non_finite::{Fault, NonFinitePolicy, Remedy, RollbackConfig, SkipConfig};
pub use observer::{Evaluation, Flow, Observer, ObserverError};
pub use outcome::{Outcome, StopReason};
pub use players::{Components, Players};
pub use report::StepReport;
pub use state::{Progress, TrainingState};
pub use training::Trainer;
