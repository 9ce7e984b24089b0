//! The trait of a metric, and the registry of those that are linked in.

use ebm_core::inventory;
use ebm_core::registry::RegistryError;

use super::Context;
use super::value::{MetricValue, Unit};

/// A computation of one number that an evaluation reports, or of several numbers that come out of one computation.
///
/// A crate adds one by implementing this trait and calling [`register_metric!`](crate::register_metric):
///
/// ```
/// use ebm_eval::metric::{Context, Direction, Findings, Metric, MetricValue, Need, Reason, Unit, find};
///
/// /// The mean Euclidean norm of generated samples.
/// struct MeanNorm;
///
/// impl Metric for MeanNorm {
///     fn measure(&self, context: &Context<'_>, found: &mut Findings) -> Result<(), Reason> {
///         let samples = context.generated().ok_or("there are no samples")?;
///         let norm = |x: &[f32]| x.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
///         let norms: Vec<f64> = samples.chunks_exact(context.data.width()).map(norm).collect();
///         let mean = norms.iter().sum::<f64>() / norms.len() as f64;
///         let protocol = "mean over generated samples";
///         found.push(MetricValue::new("mean_norm", "mean norm", (mean, Unit::Number), norms.len(), protocol));
///         Ok(())
///     }
/// }
///
/// ebm_eval::register_metric!(
///     MeanNorm,
///     place: 1000,
///     needs: [Generator],
///     values: ["mean_norm": Number, Lower],
/// );
///
/// let metric = find("mean_norm").unwrap();
/// assert_eq!((metric.unit, metric.direction, metric.needs), (Unit::Number, Direction::Lower, &[Need::Generator][..]));
/// ```
pub trait Metric: Sync {
    /// Adds what can be computed to `found`. It is called only where the registered needs are met.
    ///
    /// # Errors
    /// Why there is no value; reports list it under the metric's first name.
    fn measure(&self, context: &Context<'_>, found: &mut Findings) -> Result<(), Reason>;
}

/// Why a metric has no value, in words for the reader of a report.
pub type Reason = Box<dyn std::error::Error + Send + Sync>;

/// The results of metrics.
#[derive(Debug, Default)]
pub struct Findings {
    /// The values, in the order of reports.
    pub values: Vec<MetricValue>,
    /// The names of values that could not be had, each with the reason.
    pub absent: Vec<(String, String)>,
    /// Warnings that the reader must know before believing a value.
    pub warnings: Vec<String>,
}

impl Findings {
    /// Adds a value.
    pub fn push(&mut self, value: MetricValue) {
        self.values.push(value);
    }

    /// Says why a value could not be had.
    pub fn lack(&mut self, name: &str, reason: impl ToString) {
        self.absent.push((name.into(), reason.to_string()));
    }
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
    /// Whether a value is better than another one. NaN is better than nothing, and nothing is better than NaN.
    pub fn is_better(self, value: f64, than: f64) -> bool {
        match self {
            Direction::Lower => value < than,
            Direction::Higher => value > than,
        }
    }
}

/// A requirement of a metric on model, data and configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// Samples that training has not seen.
    HeldOut,
    /// Data of one or two dimensions.
    OneOrTwoDimensions,
    /// Chains of annealed importance sampling, which the configuration turns on.
    Chains,
    /// A data set with separate modes.
    Modes,
    /// A generator.
    Generator,
    /// Grey images with classes or stacks of them, for which a classifier is trained.
    Classifier,
}

/// A description of a value that a metric can report.
#[derive(Clone, Copy, Debug)]
pub struct Descriptor {
    /// The name, as in reports and metrics files.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// Whether lower or higher values are better.
    pub direction: Direction,
    /// Its requirements.
    pub needs: &'static [Need],
}

/// A metric that is linked in. [`register_metric!`](crate::register_metric) submits it.
pub struct Registration {
    /// The metric.
    pub metric: &'static dyn Metric,
    /// Where its values stand in a report: the lowest come first. Those of this crate have 10 to 90.
    pub place: u32,
    /// Its requirements.
    pub needs: &'static [Need],
    /// Its values. The first gives its name to a missing metric.
    pub values: &'static [Descriptor],
    /// The crate that registers it, with its version.
    pub crate_name: &'static str,
}

inventory::collect!(Registration);

/// Registers a metric: its type, a unit or constant struct; its place in reports; what it needs ([`Need`]); and the name, unit
/// ([`Unit`]) and better direction ([`Direction`]) of every value that it may report. [`Metric`] has an example.
#[macro_export]
macro_rules! register_metric {
    ($metric:expr, place: $place:literal, needs: [$($need:ident),*],
     values: [$($name:literal: $unit:ident, $direction:ident),+ $(,)?] $(,)?) => {
        const _: () = {
            const NEEDS: &[$crate::metric::Need] = &[$($crate::metric::Need::$need),*];
            $crate::inventory::submit! {
                $crate::metric::Registration {
                    metric: &$metric,
                    place: $place,
                    needs: NEEDS,
                    values: &[$($crate::metric::Descriptor {
                        name: $name,
                        unit: $crate::metric::Unit::$unit,
                        direction: $crate::metric::Direction::$direction,
                        needs: NEEDS,
                    }),+],
                    crate_name: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")),
                }
            }
        };
    };
}

/// Every metric, in the order of reports.
pub fn registrations() -> Vec<&'static Registration> {
    let mut all: Vec<_> = inventory::iter::<Registration>().collect();
    all.sort_by_key(|registered| (registered.place, registered.values[0].name));
    all
}

/// Every value that an evaluation may report, in the order of reports.
pub fn all() -> impl Iterator<Item = &'static Descriptor> {
    registrations().into_iter().flat_map(|registered| registered.values)
}

/// The value of a name. A qualifier after a slash, as in `precision/extractor`, does not matter.
pub fn find(name: &str) -> Option<&'static Descriptor> {
    let plain = name.split('/').next();
    all().find(|value| Some(value.name) == plain)
}

/// The better direction of a name; lower, where it is not known.
pub fn direction(name: &str) -> Direction {
    find(name).map_or(Direction::Lower, |value| value.direction)
}

/// Checks that every name is registered once. Call it at start-up.
///
/// # Errors
/// The first collision, naming both crates.
pub fn check_metrics() -> Result<(), RegistryError> {
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for registered in registrations() {
        for name in registered.values.iter().map(|value| value.name) {
            if let Some((_, first)) = seen.iter().find(|(known, _)| *known == name) {
                return Err(RegistryError::Duplicate {
                    kind: "metric",
                    name,
                    first: first.to_string(),
                    second: registered.crate_name.into(),
                });
            }
            seen.push((name, registered.crate_name));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_registered_once_and_is_found_with_its_direction() {
        assert_eq!(check_metrics(), Ok(()));
        let names: Vec<_> = all().map(|value| value.name).collect();
        assert_eq!((names[0], names.len()), ("nll", 34), "{names:?}");
        assert_eq!(direction("precision/extractor"), Direction::Higher);
        assert_eq!((direction("gap"), direction("unknown")), (Direction::Lower, Direction::Lower));
        assert!(find("good_shared").is_none());
        assert!(Direction::Higher.is_better(2.0, 1.0) && !Direction::Lower.is_better(f64::NAN, 1.0));
    }
}
