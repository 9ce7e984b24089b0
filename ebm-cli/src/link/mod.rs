//! Builds this program with more crates linked in.

mod cargo;
mod given;
mod program;

pub(crate) use cargo::{Cargo, command_line};
pub(crate) use given::Given;
pub(crate) use program::Program;
