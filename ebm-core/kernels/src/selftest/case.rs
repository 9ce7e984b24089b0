//! Something to compute, and the figures that it gives.

use dfdx::prelude::*;
use serde::Serialize;
use std::fmt;

use crate::buffers::values;
use crate::device::{Dev, Real};

/// Units of rounding that the figures of one operation may be off by, relative to the largest one.
pub const OPERATION: f64 = 64.0;
/// Units of rounding for a network, or for a bound.
pub const NETWORK: f64 = 1024.0;
/// Units of rounding for some iterations of training.
pub const TRAINING: f64 = 4096.0;
/// Units of rounding for a gradient that is a difference of nearly equal terms.
pub const CANCELLING: f64 = 65_536.0;

/// The meaning of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quantity {
    /// Values.
    Value,
    /// Directional derivatives, carried forwards.
    Pushforward,
    /// The gradient in the inputs.
    InInputs,
    /// The gradient in the weights; of training, their change.
    InWeights,
}

impl Quantity {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 4] = [Self::Value, Self::Pushforward, Self::InInputs, Self::InWeights];

    /// A short name, the heading of a column.
    pub fn heading(self) -> &'static str {
        ["value", "pushforward", "in x", "in weights"][self as usize]
    }

    /// The values of a tensor as figures of this meaning.
    pub fn of<S: Shape, T>(self, tensor: &Tensor<S, Real, Dev, T>) -> (Self, Vec<f64>) {
        (self, doubles(values(tensor)))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(["value", "pushforward", "gradient in x", "gradient in weights"][*self as usize])
    }
}

/// The random numbers that the figures of a case depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draws {
    /// None.
    Nothing,
    /// Normal ones, which single precision has rounded.
    Normals,
    /// That is not known; it is found out where a reference is made.
    Unknown,
}

/// Arrays of figures, each whole; there may be several of one meaning.
pub type Found = Vec<(Quantity, Vec<f64>)>;

/// Something to compute, here and in another build.
pub struct Case {
    /// The group, the object, and its options, as in `kernel dense: relu`.
    pub name: String,
    /// Largest relative error, in units of rounding of the build's precision.
    pub units: f64,
    /// The random numbers that it depends on.
    pub draws: Draws,
    work: Box<dyn Fn(u64) -> Result<Found, String>>,
    check: Box<dyn Fn()>,
}

impl Case {
    /// A case that draws nothing and can always be run.
    pub fn new(name: impl Into<String>, units: f64, work: impl Fn() -> Found + 'static) -> Self {
        Self::fallible(name, units, Draws::Nothing, move |_| Ok(work()))
    }

    /// A case of one operation, which draws nothing and can always be run.
    pub fn kernel(name: impl fmt::Display, work: impl Fn() -> Found + 'static) -> Self {
        Self::new(format!("kernel {name}"), OPERATION, work)
    }

    /// A case of the seed that it is given, or the reason why it cannot be run.
    pub fn fallible(
        name: impl Into<String>,
        units: f64,
        draws: Draws,
        work: impl Fn(u64) -> Result<Found, String> + 'static,
    ) -> Self {
        Self { name: name.into(), units, draws, work: Box::new(work), check: Box::new(|| {}) }
    }

    /// The same with a check of what it computes, which panics if something is wrong.
    pub fn checked(self, check: impl Fn() + 'static) -> Self {
        Self { check: Box::new(check), ..self }
    }

    /// Runs the check of what it computes, if it has one: an operation's derivatives are compared with differences.
    ///
    /// # Panics
    /// If something is wrong.
    pub fn check(&self) {
        (self.check)();
    }

    /// The same, within so many units of rounding.
    pub fn within(self, units: f64) -> Self {
        Self { units, ..self }
    }

    /// Computes the figures.
    ///
    /// # Errors
    /// The reason why it cannot be run here.
    pub fn run(&self, seed: u64) -> Result<Found, String> {
        (self.work)(seed)
    }
}

/// The same numbers in double precision.
pub fn doubles(values: Vec<Real>) -> Vec<f64> {
    values.into_iter().map(f64::from).collect()
}
