//! The values of a bound on independent batches: their scatter is the standard error that nothing is taken on trust for.

use std::ops::Range;

use super::case::Case;
use super::exact::Exact;
use super::runner::Stop;
use super::{Side, Violation};
use ebm_core::bounds::Measurement;
use ebm_core::device::DOUBLE_PRECISION;

/// Number of independent batches.
pub(super) const DRAWS: u64 = 8;
/// Standard errors of a mean over the draws that chance may bring about: for 7 degrees of freedom a probability of 2e-8.
const CHANCE: f64 = 25.0;

/// Measurements of one bound in one situation, on independent batches, each with the exact value.
pub(super) struct Draws {
    measured: Vec<Measurement>,
    /// Where it is a mean over samples, over those of the same batch: then what it has in common with the bound cancels.
    exact: Vec<f64>,
}

/// The mean of a few numbers, and its standard error.
pub(super) fn mean_of(numbers: &[f64]) -> Exact {
    let n = numbers.len() as f64;
    let value = numbers.iter().sum::<f64>() / n;
    let squares: f64 = numbers.iter().map(|number| (number - value).powi(2)).sum();
    Exact { value, standard_error: (squares / (n - 1.0) / n).sqrt() }
}

impl Draws {
    /// Those that `measure` finds, by the number of the draw.
    pub fn of(measure: impl FnMut(u64) -> Result<(Measurement, Exact), Stop>) -> Result<Self, Stop> {
        let pairs: Vec<(Measurement, Exact)> = (0..DRAWS).map(measure).collect::<Result<_, Stop>>()?;
        let (measured, exact) = pairs.into_iter().map(|(measured, exact)| (measured, exact.value)).unzip();
        Ok(Self { measured, exact })
    }

    /// The mean value, and its standard error by the scatter.
    pub fn value(&self) -> Exact {
        mean_of(&self.measured.iter().map(|measured| measured.value).collect::<Vec<_>>())
    }

    /// The exact value.
    pub fn exact(&self) -> f64 {
        mean_of(&self.exact).value
    }

    /// Values less exact values of some draws.
    pub fn excess(&self, draws: Range<usize>) -> Exact {
        let pairs = self.measured[draws.clone()].iter().zip(&self.exact[draws]);
        mean_of(&pairs.map(|(measured, exact)| measured.value - exact).collect::<Vec<_>>())
    }

    /// The same of all draws.
    pub fn all(&self) -> Exact {
        self.excess(0..self.measured.len())
    }

    /// The standard error that is claimed for one draw: the root of the mean square.
    pub fn claimed(&self) -> f64 {
        let squares = self.measured.iter().map(|measured| measured.standard_error.powi(2));
        (squares.sum::<f64>() / self.measured.len() as f64).sqrt()
    }

    /// The standard deviation of the values of single draws.
    pub fn scatter(&self) -> f64 {
        self.value().standard_error * (self.measured.len() as f64).sqrt()
    }

    /// What rounding may do.
    pub fn rounding(&self) -> f64 {
        let relative = if DOUBLE_PRECISION { 1e-8 } else { 2e-4 };
        relative * (1.0 + self.exact().abs())
    }

    /// What chance and rounding may do to the mean.
    pub fn slack(&self) -> f64 {
        CHANCE * self.all().standard_error + self.rounding()
    }

    /// Refuses a mean on the wrong side of the exact value, and a standard error that says nothing.
    pub fn on_its_side(&self, side: Side, what: &str) -> Result<(), Violation> {
        if let Some(odd) = self.measured.iter().find(|m| m.value.is_finite() && !m.standard_error.is_finite()) {
            let message = format!("{what}: {} has a standard error of {}", odd.value, odd.standard_error);
            return Err(Violation::told(message));
        }
        let Exact { value: excess, standard_error } = self.all();
        if is_beyond(side, excess, self.slack()) {
            let (reason, word) = (&self.measured[0].guarantee.reason, word(side));
            let message = format!(
                "{what}, claimed certified ({reason}), is {word} the exact value by {:.4} +- {standard_error:.4} nats, the mean \
                 over {DRAWS} independent batches",
                excess.abs()
            );
            return Err(Violation::of(self.value().value, self.exact(), message));
        }
        Ok(())
    }

    /// Refuses a value of a larger batch on the wrong side, by the scatter that these draws lead to expect of it.
    pub fn expects(
        &self,
        side: Side,
        (case, large): (&Case, usize),
        (measured, exact): (&Measurement, Exact),
    ) -> Result<(), Violation> {
        let narrower = (case.batch as f64 / large as f64).sqrt();
        let single = self.all().standard_error * (DRAWS as f64).sqrt();
        // The mean of the draws that the scatter is from varies too.
        let slack = CHANCE * single * narrower.hypot((DRAWS as f64).sqrt().recip()) + self.rounding();
        if is_beyond(side, measured.value - exact.value, slack) {
            let message = format!("a value certified in a batch of {large} is {} the exact value", word(side));
            return Err(Violation::of(measured.value, exact.value, message));
        }
        Ok(())
    }
}

fn word(side: Side) -> &'static str {
    match side {
        Side::Lower => "above",
        Side::Upper => "below",
    }
}

/// Whether a value less the exact one is beyond the slack on the wrong side; what is no number is on neither.
fn is_beyond(side: Side, excess: f64, slack: f64) -> bool {
    let wrong = match side {
        Side::Lower => excess,
        Side::Upper => -excess,
    };
    // An infinite value scatters by no number.
    if slack.is_nan() { wrong != f64::NEG_INFINITY } else { wrong > slack || wrong.is_nan() }
}

/// Near-tight cases below which nothing is pooled.
const FEWEST_TIGHT: usize = 10;
/// Standard errors of a pooled mean that chance may bring about.
const POOLED_CHANCE: f64 = 6.5;
/// Cases below which standard errors are not compared.
const FEWEST_CLAIMS: usize = 4;

/// Refuses what no single case shows: a mean on the wrong side over the cases in which the bound is near the exact value.
///
/// Which cases are near is told by the first half of the draws, and the mean is that of the second half, so that the choice
/// does not bias it.
pub(super) fn pooled(side: Side, cases: &[&Draws]) -> Result<(), Violation> {
    let sign = if side == Side::Lower { 1.0 } else { -1.0 };
    let half = DRAWS as usize / 2;
    let near: Vec<(Exact, Exact, f64)> = cases
        .iter()
        .map(|draws| (draws.excess(0..half), draws.excess(half..2 * half), draws.rounding()))
        .filter(|(first, _, rounding)| sign * first.value + 3.0 * first.standard_error + rounding >= 0.0)
        .collect();
    if near.len() < FEWEST_TIGHT {
        return Ok(());
    }
    let mut variances: Vec<f64> = near.iter().map(|(first, ..)| first.standard_error.powi(2)).collect();
    variances.sort_by(f64::total_cmp);
    let typical = variances[variances.len() / 2];
    let (mut total, mut mean, mut variance, mut rounding) = (0.0, 0.0, 0.0, 0.0);
    for (first, second, slack) in &near {
        // By deviations, not variances: what is wrong grows with the dimensions, as the scatter does. Limited, so that no case that
        // scatters little by chance counts for all.
        let weight = 1.0 / (first.standard_error.powi(2) + typical + slack * slack).sqrt();
        total += weight;
        mean += weight * sign * second.value;
        variance += (weight * second.standard_error).powi(2);
        rounding += weight * slack;
    }
    let (mean, error, rounding) = (mean / total, variance.sqrt() / total, rounding / total);
    if mean <= POOLED_CHANCE * error + rounding {
        return Ok(());
    }
    let message = format!(
        "over the {} cases in which it is close to the exact value, it is {} it by {mean:.4} +- {error:.4} nats in the mean",
        near.len(),
        word(side)
    );
    Err(Violation::of(mean, 0.0, message))
}

/// Refuses standard errors that are not the scatter over independent batches.
///
/// 7 s^2 / sigma^2 of a case is chi-square with 7 degrees of freedom, so the logarithm of s^2 / sigma^2 has the mean -0.15 and
/// the deviation 0.57. Six deviations of the mean of that are left to chance, and a factor of 1.5 to what is not normal.
pub(super) fn claims_its_scatter(cases: &[&Draws]) -> Result<(), Violation> {
    let log_ratios = cases.iter().map(|draws| {
        let floor = draws.rounding().powi(2);
        ((draws.scatter().powi(2) + floor) / (draws.claimed().powi(2) + floor)).ln()
    });
    // A value that is not finite has no scatter.
    let log_ratios: Vec<f64> = log_ratios.filter(|ratio| ratio.is_finite()).collect();
    if log_ratios.len() < FEWEST_CLAIMS {
        return Ok(());
    }
    let n = log_ratios.len() as f64;
    let mean = log_ratios.iter().sum::<f64>() / n + 0.15;
    if mean.abs() <= 6.0 * 0.575 / n.sqrt() + 2.0 * 1.5f64.ln() {
        return Ok(());
    }
    let ratio = (0.5 * mean).exp();
    let message = format!(
        "over {} cases, the value scatters {ratio:.3} times as widely over independent batches as its standard error says",
        log_ratios.len()
    );
    Err(Violation::of(ratio, 1.0, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::bounds::Guarantee;
    use ebm_core::random::Random;

    /// Draws of values that scatter by `scatter`, around the exact value plus `excess`, and claim a standard error.
    fn draws(seed: u64, excess: f64, scatter: f64, claimed: f64) -> Draws {
        let normals = Random::new(seed).normals(DRAWS as usize);
        let measured = |draw: u64| {
            let value = 3.0 + excess + scatter * f64::from(normals[draw as usize]);
            let measured = Measurement::new(value, claimed, 100, Guarantee::certified("test"));
            Ok((measured, Exact { value: 3.0, standard_error: 0.0 }))
        };
        Draws::of(measured).ok().expect("no draw is refused")
    }

    fn judged(excess: f64, scatter: f64, claimed: f64, side: Side) -> [bool; 3] {
        let cases: Vec<Draws> = (0..1000).map(|seed| draws(seed, excess, scatter, claimed)).collect();
        let cases: Vec<&Draws> = cases.iter().collect();
        let single = cases.iter().all(|draws| draws.on_its_side(side, "test").is_ok());
        [single, pooled(side, &cases).is_ok(), claims_its_scatter(&cases).is_ok()]
    }

    #[test]
    fn a_thousand_sound_cases_raise_no_alarm_and_each_fault_is_seen_by_its_part() {
        for side in [Side::Lower, Side::Upper] {
            let above = if side == Side::Lower { 1.0 } else { -1.0 };
            assert_eq!(judged(0.0, 0.1, 0.1, side), [true; 3]);
            assert_eq!(judged(-2.0 * above, 0.1, 0.1, side), [true; 3]);
            assert_eq!(judged(above, 0.01, 0.01, side), [false, false, true]);
            assert_eq!(judged(0.05 * above, 0.3, 0.3, side), [true, false, true]);
            assert_eq!(judged(0.0, 0.1, 1.0, side), [true, true, false]);
            assert_eq!(judged(0.0, 0.1, 0.0, side), [true, true, false]);
        }
        assert!(draws(1, 100.0, 0.1, f64::INFINITY).on_its_side(Side::Lower, "test").is_err());
        assert!(draws(1, f64::NAN, 0.1, 0.1).on_its_side(Side::Lower, "test").is_err());
        assert!(draws(1, f64::NEG_INFINITY, 0.1, 0.1).on_its_side(Side::Lower, "test").is_ok());
        assert!(draws(1, f64::INFINITY, 0.1, 0.1).on_its_side(Side::Lower, "test").is_err());
    }
}
