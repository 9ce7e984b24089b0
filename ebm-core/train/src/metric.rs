//! What is known of the values of an [`Evaluation`](crate::Evaluation) by their names.

use ebm_core::registry::registered;
use serde::{Deserialize, Serialize};

/// The unit of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Natural logarithms: nats per sample.
    Nats,
    /// A share between 0 and 1.
    Share,
    /// A number of things.
    Count,
    /// A number without a unit, or in squared units of features.
    Number,
}

/// Which of two values is the better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The lower one, as with a negative log-likelihood. Quantities that are neither good nor bad count as such, too.
    Lower,
    /// The higher one.
    Higher,
}

impl Direction {
    /// A number that is lower for a better value.
    pub fn rank(self, value: f64) -> f64 {
        match self {
            Direction::Lower => value,
            Direction::Higher => -value,
        }
    }
}

/// A description of a value that an evaluation may have.
#[derive(Clone, Copy, Debug)]
pub struct Descriptor {
    /// The name, as in reports and metrics files.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// Whether lower or higher values are better.
    pub direction: Direction,
    /// The head of its column in tables of several runs, without the unit. Empty: it is shown only on request.
    pub column: &'static str,
}

/// The values of a metric, as the registry holds them.
pub struct Values(pub &'static [Descriptor]);

/// The registered value of a name. A qualifier after a slash, as in `precision/extractor`, does not matter.
pub fn find(name: &str) -> Option<&'static Descriptor> {
    let plain = name.split('/').next();
    registered::<Values>().flat_map(|values| values.0).find(|value| Some(value.name) == plain)
}

/// The better direction of a name; lower, where it is not known.
pub fn direction(name: &str) -> Direction {
    find(name).map_or(Direction::Lower, |value| value.direction)
}
