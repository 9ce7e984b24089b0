use ebm_core::inventory;
use ebm_train::metric::Descriptor;

use super::{Context, MetricValue};

/// A computation of one number that an evaluation reports, or of several numbers that come out of one computation.
///
/// A crate adds one by implementing this trait and calling [`register_metric!`](crate::register_metric):
///
/// ```
/// use ebm_core::device::Real;
/// use ebm_eval::metric::{Context, Direction, Findings, Metric, MetricValue, Reason, Unit, find};
///
/// /// The mean Euclidean norm of generated samples.
/// struct MeanNorm;
///
/// impl Metric for MeanNorm {
///     fn measure(&self, context: &Context<'_>, found: &mut Findings) -> Result<(), Reason> {
///         let samples = context.generated().ok_or("there are no samples")?;
///         let norm = |x: &[Real]| x.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
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
/// assert_eq!((metric.unit, metric.direction), (Unit::Number, Direction::Lower));
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

/// A requirement of a metric on model, data and configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// Samples that training has not seen.
    HeldOut,
    /// Data of one or two dimensions.
    OneOrTwoDimensions,
    /// Data of one or two dimensions, or an energy whose log Z is known.
    LogPartition,
    /// Chains of annealed importance sampling, which the configuration turns on.
    Chains,
    /// A data set with separate modes.
    Modes,
    /// A generator.
    Generator,
    /// Grey images with classes or stacks of them, for which a classifier is trained.
    Classifier,
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
}

inventory::collect!(Registration);

/// Registers a metric: its type, a unit or constant struct; its place in reports; what it needs ([`Need`]); and the name, unit
/// ([`Unit`](crate::metric::Unit)) and better direction ([`Direction`](crate::metric::Direction)) of every value that it may
/// report. With `"name" as "head"` tables of several runs have a column of the value. [`Metric`] has an example.
#[macro_export]
macro_rules! register_metric {
    ($metric:expr, place: $place:literal, needs: [$($need:ident),*],
     values: [$($name:literal $(as $column:literal)?: $unit:ident, $direction:ident),+ $(,)?] $(,)?) => {
        const _: () = {
            const VALUES: &$crate::metric::Values = &$crate::metric::Values(&[$($crate::metric::Descriptor {
                name: $name,
                unit: $crate::metric::Unit::$unit,
                direction: $crate::metric::Direction::$direction,
                column: concat!($($column)?),
            }),+]);
            const CRATE: (&str, &str) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
            $crate::inventory::submit! { $crate::Entry::other("metric", &[$($name),+], CRATE, VALUES) }
            $crate::inventory::submit! {
                $crate::metric::Registration {
                    metric: &$metric,
                    place: $place,
                    needs: &[$($crate::metric::Need::$need),*],
                    values: VALUES.0,
                }
            }
        };
    };
}

/// Every metric, in the order of reports.
pub fn registrations() -> Vec<&'static Registration> {
    let mut all: Vec<&Registration> = inventory::iter::<Registration>().collect();
    all.sort_by_key(|registered| (registered.place, registered.values[0].name));
    all
}

/// Every value that an evaluation may report, in the order of reports.
pub fn all() -> impl Iterator<Item = &'static Descriptor> {
    registrations().into_iter().flat_map(|registered| registered.values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{Direction, direction, find};
    use ebm_core::registry::{check_registry, registers_something};

    #[test]
    fn every_name_is_registered_once_and_is_found_with_its_direction() {
        assert_eq!((check_registry(), registers_something("ebm-eval")), (Ok(()), true));
        let names: Vec<_> = all().map(|value| value.name).collect();
        assert_eq!((names[0], names.len()), ("nll", 51), "{names:?}");
        assert_eq!(direction("precision/extractor"), Direction::Higher);
        assert_eq!((direction("gap"), direction("unknown")), (Direction::Lower, Direction::Lower));
        assert!(find("good_shared").is_none());
        assert!(Direction::Higher.rank(2.0) < Direction::Higher.rank(1.0));
    }
}
