//! Reading PTX: from text to instructions that can be run.

mod decode;
mod lexer;
mod operand;
mod parser;
mod symbols;

pub use parser::load;
