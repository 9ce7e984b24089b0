//! Something to compute here and there.

use ebm_core::device::Real;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::digest::digest;
use super::figures::{Compared, Figures};

/// Units of rounding that the figures of one operation may be off by, of the largest one.
pub(super) const OPERATION: f64 = 64.0;
/// Of a network, or of a bound.
pub(super) const NETWORK: f64 = 1024.0;
/// Of some iterations of training.
pub(super) const TRAINING: f64 = 4096.0;
/// Of a gradient that is a difference of nearly equal terms.
pub(super) const CANCELLING: f64 = 65_536.0;

/// What random numbers the figures depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Draws {
    /// None.
    Nothing,
    /// Normal ones, which single precision has rounded.
    Normals,
    /// That is not known; found out where a reference is made.
    Unknown,
}

/// Why a case has no figures.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fault {
    /// It cannot be run: nothing is wrong.
    Unfit(String),
    /// It panicked, or a figure is not finite.
    Broken(String),
}

type Work = Box<dyn Fn(u64) -> Result<Found, String>>;

/// Arrays of figures, each whole; there may be several of one kind.
pub(super) type Found = Vec<(Compared, Vec<f64>)>;

/// Something to compute here and there.
pub(super) struct Case {
    /// The group, what is computed, and with which options.
    pub name: String,
    /// Largest relative error, in units of rounding of the build's precision.
    pub units: f64,
    pub draws: Draws,
    /// Given a seed.
    work: Work,
}

impl Case {
    /// A case that draws nothing and is always fit to be run.
    pub fn new(name: impl Into<String>, units: f64, work: impl Fn() -> Found + 'static) -> Self {
        Self::fallible(name, units, Draws::Nothing, move |_| Ok(work()))
    }

    /// A case of the seed that it is given, or the reason why it cannot be run.
    pub fn fallible(
        name: impl Into<String>,
        units: f64,
        draws: Draws,
        work: impl Fn(u64) -> Result<Found, String> + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            units,
            draws,
            work: Box::new(work),
        }
    }

    /// Largest relative error.
    pub fn tolerance(&self) -> f64 {
        self.units * f64::from(Real::EPSILON)
    }

    /// Runs it.
    pub fn figures(&self, seed: u64) -> Result<Figures, Fault> {
        let found = catch_unwind(AssertUnwindSafe(|| (self.work)(seed)))
            .map_err(|panic| Fault::Broken(format!("it panicked: {}", told(&*panic))))?
            .map_err(Fault::Unfit)?;
        let mut figures: Figures = BTreeMap::new();
        for (compared, values) in found {
            if let Some(place) = values.iter().position(|v| !v.is_finite()) {
                let value = values[place];
                return Err(Fault::Broken(format!("{compared}: figure {place} is {value}")));
            }
            figures.entry(compared).or_default().push(digest(&values));
        }
        Ok(figures)
    }
}

fn told(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_and_what_is_no_number_are_faults_that_say_where() {
        let broken = |work: fn() -> Found| match Case::new("a", 1.0, work).figures(0) {
            Err(Fault::Broken(message)) => message,
            other => panic!("{other:?}"),
        };
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let message = broken(|| panic!("out of memory"));
        std::panic::set_hook(hook);
        assert_eq!(message, "it panicked: out of memory");
        let message = broken(|| vec![(Compared::InInputs, vec![1.0, f64::NAN])]);
        assert_eq!(message, "gradient in x: figure 1 is NaN");
    }
}
