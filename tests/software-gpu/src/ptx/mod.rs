//! Reading PTX: from text to instructions that can be run.

mod body;
mod decode;
mod lexer;
mod module;
mod operand;
pub mod ty;

pub use module::{Function, Module, Parameter};
