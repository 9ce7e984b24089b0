//! Building a program with more bounds linked in.
//!
//! | file | has |
//! |---|---|
//! | `given` | what was named after `--with`, as a dependency |
//! | `program` | the crate of the program, as text |
//! | `cargo` | running cargo on it |

mod cargo;
mod given;
mod program;

pub(crate) use cargo::{Cargo, command_line};
pub(crate) use given::Given;
pub(crate) use program::Program;
