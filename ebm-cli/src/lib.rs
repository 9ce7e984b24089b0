//! `ebm`: train, evaluate and sample energy-based models between bidirectional bounds.
//!
//! The program is a library, so that you can build one with bounds, models and data sets of your own:
//!
//! ```text
//! ebm_cli::main!(my_bound);
//! ```
//!
//! is its whole `main.rs` (see [`main!`]). Written out, with something of its own to do first:
//!
//! ```no_run
//! // use my_bound as _; // links the crate: what it registers is there, by name
//!
//! #[global_allocator]
//! static ALLOCATOR: ebm_cli::Allocator = ebm_cli::Allocator;
//!
//! fn main() -> std::process::ExitCode {
//!     // anything
//!     ebm_cli::run()
//! }
//! ```

#![deny(unsafe_code)]
#![warn(missing_docs)]

pub mod bench;
mod cli;
mod commands;
mod compare;
pub mod config;
mod dispatch;
mod exit;
mod interrupt;
mod link;
mod linked;
mod machine;
mod memory;
mod numerals;
mod observers;
mod ood_source;
mod output;
mod plots;
mod program;
mod progress;
mod ranks;
pub mod run_directory;
mod sample_output;
mod scaffold;
pub mod selftest;
mod series;
mod shown;
mod signals;
mod sweep;

pub use exit::{Exit, Failure};

/// The allocator to declare in the program, since only one crate of a program may, and the program may want another:
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: ebm_cli::Allocator = ebm_cli::Allocator;
/// ```
///
/// A training step allocates and frees many buffers of some hundred kilobytes. glibc gives such buffers back to the
/// system each time, and the page faults of getting them anew cost more than the arithmetic.
pub use mimalloc::MiMalloc as Allocator;

use clap::Parser;
use exit::OrExit;
use std::process::ExitCode;

/// Runs the program on the process's arguments: the whole `main` of a binary.
///
/// Errors are printed to stderr, on one line that starts with `error:`. See [`Exit`] for the codes.
pub fn run() -> ExitCode {
    run_with(&[])
}

/// [`run`] for a program that links these crates for the components that they register, as [`main!`] does.
///
/// A crate that registers nothing is an error, with [`Exit::Other`].
pub fn run_with(crates: &[&str]) -> ExitCode {
    ebm_core::kernels::parallel::join_pool();
    signals::outlive_file_size_limits();
    let done = check(crates).and_then(|()| cli::Cli::parse().command.run());
    match done {
        Ok(exit) => exit.into(),
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.exit.into()
        }
    }
}

/// Whether the program understands these arguments (without its own name), and what it would say if not: for tests of
/// documents that show commands.
#[doc(hidden)]
pub fn understands<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Result<(), String> {
    let arguments = std::iter::once("ebm").chain(arguments);
    cli::Cli::try_parse_from(arguments).map(drop).map_err(|error| error.to_string())
}

fn check(crates: &[&str]) -> Result<(), Failure> {
    ebm_core::registry::check_registry().or_exit(Exit::Other)?;
    program::check_linked(crates).or_exit(Exit::Other)
}
