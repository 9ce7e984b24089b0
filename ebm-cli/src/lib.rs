//! `ebm`: train, evaluate and sample energy-based models between bidirectional bounds.
//!
//! The program is a library, so that a program of your own can have bounds of your own:
//!
//! ```no_run
//! // use my_bound as _; // links the crate: what it registers is there, by name
//!
//! #[global_allocator]
//! static ALLOCATOR: ebm_cli::Allocator = ebm_cli::Allocator;
//!
//! fn main() -> std::process::ExitCode {
//!     ebm_cli::run()
//! }
//! ```

#![deny(unsafe_code)]
#![warn(missing_docs)]

mod allocator;
mod cli;
mod commands;
mod compare;
pub mod config;
pub mod data;
mod dispatch;
pub mod evaluate;
mod exit;
mod linked;
mod observers;
pub mod plots;
mod progress;
pub mod run_directory;
pub mod sampling;
mod signals;

pub use allocator::Allocator;
pub use dispatch::{Work, with_geometry};
pub use exit::{Exit, Failure};

use clap::Parser;
use std::process::ExitCode;

/// Runs the program on the process's arguments: the whole `main` of a binary.
///
/// Errors are printed to stderr, on one line that starts with `error:`. See [`Exit`] for the codes.
pub fn run() -> ExitCode {
    ebm_core::kernels::parallel::join_pool();
    let done = ebm_core::registry::check_registry()
        .map_err(|error| Failure::new(Exit::Other, error))
        .and_then(|()| commands::run(cli::Cli::parse().command));
    match done {
        Ok(exit) => exit.into(),
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.exit.into()
        }
    }
}
