//! The least memory that work needs, against what there is: numbers that are too large are refused before anything is set aside for them.

mod available;
mod evaluation;
mod needs;
mod training;

pub use needs::{Needs, Shortage};
