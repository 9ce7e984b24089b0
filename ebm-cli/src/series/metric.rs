//! How the values that runs are compared by are shown, and which are better.

use ebm_eval::metric::{Descriptor, Unit, all, direction, find};

use super::summary::number;

/// A registered metric, as tables of runs show it.
#[derive(Clone, Copy, Debug)]
pub struct Metric(&'static Descriptor);

impl Metric {
    /// The metrics that tables show without being asked to.
    pub fn shown() -> impl Iterator<Item = Self> {
        all().filter(|metric| !metric.column.is_empty()).map(Self)
    }

    pub fn find(name: &str) -> Option<Self> {
        find(name).map(Self)
    }

    pub fn name(self) -> &'static str {
        self.0.name
    }

    pub fn head(self) -> String {
        let Descriptor { name, column, unit, .. } = *self.0;
        let unit = if unit == Unit::Nats { ", nats" } else { "" };
        format!("{}{unit}", if column.is_empty() { name } else { column })
    }

    /// Decimals of the value of one run.
    pub fn decimals(self) -> usize {
        match self.0.unit {
            Unit::Nats | Unit::Number => 3,
            Unit::Share => 1,
            Unit::Count => 0,
        }
    }

    /// The factor that values are multiplied by for display, and what follows them.
    pub fn scale(self) -> (f64, &'static str) {
        if self.0.unit == Unit::Share { (100.0, " %") } else { (1.0, "") }
    }

    /// A value as people read it, without its unit.
    pub fn number(self, value: f64, decimals: usize) -> String {
        number(value * self.scale().0, decimals)
    }
}

/// The rank of a value of a metric: less is better, and without a value it is the worst.
pub fn rank(name: &str, value: Option<f64>) -> f64 {
    value.map_or(f64::INFINITY, |value| direction(name).rank(value))
}
