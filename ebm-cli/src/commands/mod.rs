//! The commands of the program, one file each, with the arguments of the command and its implementation.

pub mod arguments;
pub mod bench;
pub mod bounds;
pub mod build;
mod changed_data;
pub mod compare;
pub mod config;
pub mod data;
pub mod diagnose;
pub mod distance;
pub mod evaluate;
pub mod export;
mod fresh_trainer;
pub mod list;
mod loaded_run;
pub mod new;
pub mod ood;
mod pictures;
mod reference;
pub mod runs;
pub mod sample;
mod sample_pictures;
pub mod selftest;
mod summary;
pub mod sweep;
pub mod train;
pub mod watch;
