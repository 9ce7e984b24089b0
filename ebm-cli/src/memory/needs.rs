use ebm_core::device::Real;
use indicatif::DecimalBytes;

use super::available::Available;
use crate::config::RunConfig;

/// A part of the memory that work needs, in numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Demand {
    /// The keys of the configuration that it is due to, dotted from the top, or an option of the command line.
    pub keys: Vec<String>,
    /// At least so many, all held at once.
    pub numbers: f64,
    /// The way out.
    pub advice: &'static str,
}

impl Demand {
    pub fn new(keys: &[&str], numbers: f64, advice: &'static str) -> Self {
        Self { keys: keys.iter().map(|key| key.to_string()).collect(), numbers, advice }
    }
}

/// The least memory that some work needs. A lower bound: what passes may still not fit, but what is refused never would.
#[derive(Clone, Debug)]
pub struct Needs<'a> {
    pub(super) config: &'a RunConfig,
    /// The work, at the beginning of "needs at least".
    pub(super) work: String,
    /// The parts, which are held at the same time.
    pub(super) demands: Vec<Demand>,
}

/// Memory that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// The key of the configuration that most of it is due to, or an option of the command line.
    pub key: String,
    /// What is needed, what there is, and the way out.
    pub reason: String,
}

impl Needs<'_> {
    /// What is missing; `None` if nothing is, or the system does not say how much there is.
    pub fn shortage(&self) -> Option<Shortage> {
        self.beyond(Available::here()?)
    }

    /// The bytes of all parts together.
    pub(super) fn bytes(&self) -> f64 {
        self.demands.iter().map(|demand| demand.numbers).sum::<f64>() * size_of::<Real>() as f64
    }

    pub(super) fn beyond(&self, available: Available) -> Option<Shortage> {
        let bytes = self.bytes();
        if bytes <= available.bytes() as f64 {
            return None;
        }
        let largest = self.demands.iter().max_by(|a, b| a.numbers.total_cmp(&b.numbers))?;
        let given: Vec<_> = largest.keys.iter().map(|key| self.config.given(key)).collect();
        // A float that is too large becomes the largest number of bytes there is.
        let needed = DecimalBytes(bytes as u64);
        let (given, work, advice) = (given.join(" and "), &self.work, largest.advice);
        Some(Shortage {
            key: largest.keys.first().cloned().unwrap_or_default(),
            reason: format!("{given}: {work} needs at least {needed} of memory, and {available}; {advice}"),
        })
    }
}
