//! Derivatives of values against differences of them.

use ebm_core::device::{DOUBLE_PRECISION, Real};
use ebm_core::parameter::Module;

pub(super) const STEP: f64 = if DOUBLE_PRECISION { 1e-5 } else { 4e-3 };
/// Largest error allowed, relative to the slope.
const RELATIVE: f64 = if DOUBLE_PRECISION { 1e-6 } else { 3e-2 };
/// Largest error allowed besides, relative to the value: what rounding does to a difference.
const ROUNDING: f64 = if DOUBLE_PRECISION { 1e-8 } else { 2e-3 };
/// Largest relative difference of two values that ought to be the same but for rounding.
pub(super) const EXACT: f64 = if DOUBLE_PRECISION { 1e-10 } else { 1e-4 };

/// Whether two numbers are the same but for rounding.
pub(super) fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= EXACT * (1.0 + a.abs().max(b.abs())) || a.to_bits() == b.to_bits()
}

/// The value before, at and after a point along a line, a `step` apart.
#[derive(Clone, Copy)]
pub(super) struct Along {
    pub step: f64,
    pub before: f64,
    pub at: f64,
    pub after: f64,
}

impl Along {
    /// The slope by central difference.
    pub fn slope(self) -> f64 {
        (self.after - self.before) / (2.0 * self.step)
    }

    /// The error of the slope that rounding and curvature explain.
    fn slack(self, ours: f64) -> f64 {
        let rounding = ROUNDING * (1.0 + self.at.abs()) * STEP / self.step;
        RELATIVE * ours.abs().max(self.slope().abs()) + rounding
    }

    /// Whether `ours` is the slope as far as differences can tell.
    ///
    /// At a kink, where the slopes on both sides differ, everything between them is right: a value of a sorted or clipped
    /// quantity has such points.
    pub fn agrees(self, ours: f64) -> bool {
        let (left, right) = ((self.at - self.before) / self.step, (self.after - self.at) / self.step);
        let slack = self.slack(ours);
        let kinked = (left - right).abs() > 0.02 * (1.0 + self.slope().abs());
        let between = ours >= left.min(right) - slack && ours <= left.max(right) + slack;
        (self.slope() - ours).abs() <= slack || (kinked && between)
    }

    /// Whether a smaller step tells the same slope, so that differences can be trusted here.
    pub fn is_told_by(self, finer: Along) -> bool {
        (self.slope() - finer.slope()).abs() <= 3.0 * finer.slack(self.slope())
    }
}

/// The trained values of a module, moved by `size` along `direction`.
pub(super) fn move_along(module: &mut dyn Module, start: &[Vec<Real>], direction: &[Vec<f64>], size: f64) {
    let trained = module.parameters_mut().into_iter().filter(|p| p.is_trained());
    for ((parameter, start), direction) in trained.zip(start).zip(direction) {
        let moved: Vec<Real> = start.iter().zip(direction).map(|(w, v)| w + (size * v) as Real).collect();
        parameter.set(&moved);
    }
}

/// The trained values of a module.
pub(super) fn trained(module: &dyn Module) -> Vec<Vec<Real>> {
    module.parameters().into_iter().filter(|p| p.is_trained()).map(|p| p.values()).collect()
}

/// The product of two gradients.
pub(super) fn dot(a: &[Vec<Real>], b: &[Vec<f64>]) -> f64 {
    a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| f64::from(*a) * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn along(f: impl Fn(f64) -> f64) -> Along {
        Along { step: STEP, before: f(-STEP), at: f(0.0), after: f(STEP) }
    }

    #[test]
    fn slopes_agree_where_they_are_right_and_at_a_kink_between_both_sides() {
        let curve = along(|x| (2.0 * x + 0.3).sin());
        assert!(curve.agrees(2.0 * 0.3f64.cos()));
        assert!(!curve.agrees(1.5));
        let kink = along(f64::abs);
        assert!(kink.agrees(0.7) && kink.agrees(-1.0));
        assert!(!kink.agrees(1.5));
    }
}
