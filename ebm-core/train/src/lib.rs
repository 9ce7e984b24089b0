//! The minimax trainer.
//!
//! One iteration is a number of energy steps, each minimising `E_data[E] - E_pg[E] + ceil(KL)` over the energy, and a
//! number of generator steps, each minimising `E_pg[E] - lambda floor(H)` over the generator.

#![deny(unsafe_code)]
#![warn(missing_docs)]

mod assess;
mod best;
mod check;
pub mod collective;
mod config;
mod draws;
mod energy_step;
mod error;
pub mod files;
mod generator_step;
pub mod grid;
mod likelihood;
mod non_finite;
mod observer;
pub mod optim;
mod outcome;
mod phase_times;
mod players;
mod recover;
mod report;
mod selftest;
mod snapshot;
mod state;
pub mod state_file;
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
