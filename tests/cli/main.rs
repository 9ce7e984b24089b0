//! The command line: every command, its output and files, its exit codes, and its messages for bad input.

#[path = "../command/mod.rs"]
mod command;

mod bad_input;
mod bench;
mod bounds;
mod checkpoints;
mod compare;
mod config;
mod data;
mod first_release;
#[cfg(unix)]
mod foreign_runs;
#[cfg(unix)]
mod gpu_check;
mod images;
mod init;
#[cfg(unix)]
mod messages;
mod metrics;
#[cfg(unix)]
mod new; // what the book says is done in a shell
#[cfg(unix)]
mod outputs;
#[cfg(feature = "mpi")]
mod processes;
mod run;
mod sweep;
mod watch;
