//! What is known of the values of an [`Evaluation`] by their names.

use ebm_core::bounds::Measurement;
use ebm_core::registry::registered;
use serde::{Deserialize, Serialize};

use crate::report::Evaluation;

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

/// The metrics that are watched under a name, the best first: itself, and for `nll`, which is exact in one and two dimensions only, the
/// upper and the lower side of the bracket by the generator's weights.
///
/// ```
/// use ebm_train::metric::stand_ins;
///
/// assert_eq!(stand_ins("nll").collect::<Vec<_>>(), ["nll", "cubo_nll", "weights_nll"]);
/// assert_eq!(stand_ins("upper").collect::<Vec<_>>(), ["upper"]);
/// ```
pub fn stand_ins(name: &str) -> impl Iterator<Item = &str> {
    let bracket: &[&str] = if name == "nll" { &["cubo_nll", "weights_nll"] } else { &[] };
    std::iter::once(name).chain(bracket.iter().copied())
}

/// The value of an evaluation that is watched under a name.
#[derive(Clone, Copy, Debug)]
pub struct Watched<'a> {
    /// Its place among the [`stand_ins`].
    pub place: usize,
    /// The metric.
    pub metric: &'a str,
    /// Its measurement.
    pub found: &'a Measurement,
}

/// The first of the [`stand_ins`] of a name that an evaluation has.
pub fn watched<'a>(name: &'a str, evaluation: &'a Evaluation) -> Option<Watched<'a>> {
    let mut all = stand_ins(name).enumerate();
    all.find_map(|(place, metric)| evaluation.get(metric).map(|found| Watched { place, metric, found }))
}

/// A pair that is smaller for a better value: any value of a metric is better than all values of what only stands in for it.
pub fn rank(name: &str, place: usize, value: f64) -> (usize, f64) {
    (place, direction(name).rank(value))
}
