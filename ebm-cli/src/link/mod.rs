//! Builds this program with more crates linked in.
//!
//! | file | has |
//! |---|---|
//! | `given` | the crates named by `--with`, as dependencies |
//! | `program` | the crate of the program, as text |
//! | `cargo` | runs cargo on it |

mod cargo;
mod given;
mod program;

pub(crate) use cargo::{Cargo, command_line};
pub(crate) use given::Given;
pub(crate) use program::Program;
