//! The minimax trainer.
//!
//! One iteration is a number of energy steps, each minimising `E_data[E] - E_pg[E] + ceil(KL)` over the energy, and a
//! number of generator steps, each minimising `w E_pg[E] - lambda floor(H)` over the generator.
//!
//! Options hold the energy at the data ([`TrainConfig::data_penalty`]) and where neither data nor samples are
//! ([`RefineConfig`]), or take the generator's samples for the model's by their weights ([`TrainConfig::weighted`]).

#![deny(unsafe_code)]
#![warn(missing_docs)]

mod assess;
mod cancel;
pub mod chains;
mod config;
mod data_parallel;
mod draws;
mod energy_step;
mod error;
pub mod files;
mod finite;
mod generator_step;
pub mod grid;
mod head_start;
mod likelihood;
pub mod metric;
mod negatives;
mod non_finite;
mod observer;
pub mod optim;
mod outcome;
mod phase_times;
mod players;
pub mod process_group;
mod progress;
mod recover;
mod report;
mod run;
mod selftest;
mod snapshot;
mod state;
pub mod state_file;
mod step;
mod trainer;
mod weighing;

pub use cancel::{Cancel, Cancelled};
pub use config::{Objective, PlayerConfig, StopConfig, TrainConfig};
pub use error::{ObserverError, Origin, TrainError};
pub use negatives::RefineConfig;
pub use non_finite::{Fault, NonFinitePolicy, Remedy, RollbackConfig, SkipConfig};
pub use observer::Observer;
pub use outcome::{Flow, Outcome, StopReason};
pub use phase_times::PhaseTimes;
pub use players::{Components, Players};
pub use progress::{Progress, TrainingState};
pub use report::{Evaluation, StepReport};
pub use trainer::Trainer;
