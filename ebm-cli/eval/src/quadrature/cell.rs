//! What is proved of the integral of exp(-E) over a box.

use std::sync::LazyLock;

/// Nodes of the Gauss-Legendre rule along an axis: it integrates polynomials of degree 23 exactly.
const NODES: usize = 12;

/// The order to which exp is expanded, so that its square has the degree of the rule: polynomials of degree 2 in it.
const ORDER: usize = NODES - 1;

/// The range of an exponent within which that expansion serves.
const SMALL: f64 = 2.0;

/// Room for rounding in a logarithm of a sum of some hundred terms, relative to what is added up in it.
const ROUNDING: f64 = 1e-12;

/// Nodes and weights on [-1, 1].
static RULE: LazyLock<[(f64, f64); NODES]> = LazyLock::new(|| {
    std::array::from_fn(|k| {
        let n = NODES as f64;
        let mut x = (std::f64::consts::PI * (k as f64 + 0.75) / (n + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..8 {
            // Bonnet's recursion; the derivative from the last two polynomials.
            let (mut before, mut value) = (1.0, x);
            for j in 2..=NODES {
                let j = j as f64;
                (before, value) = (value, ((2.0 * j - 1.0) * x * value - (j - 1.0) * before) / j);
            }
            slope = n * (x * value - before) / (x * x - 1.0);
            x -= value / slope;
        }
        (x, 2.0 / ((1.0 - x * x) * slope * slope))
    })
});

/// A lower and an upper bound of the log of the integral of `exp(-(p(t) +- radius))` over `[-1, 1]^D`, where `terms` are those of
/// the quadratic polynomial p in the order of an [`Enclosure`](ebm_core::kernels::enclosure::Enclosure).
///
/// Where p varies little, the integral of the exponential series to order 11, which a Gauss-Legendre rule finds exactly, and
/// the series' rest. Elsewhere the mean of p (Jensen) from below, and its least value from above.
pub(super) fn log_integral(terms: &[f64], radius: f64, axes: usize) -> (f64, f64) {
    let (constant, rest) = (terms[0], &terms[1..]);
    let reach: f64 = rest.iter().map(|term| term.abs()).sum();
    if !(constant.is_finite() && reach.is_finite() && radius.is_finite()) {
        return (f64::NEG_INFINITY, f64::INFINITY);
    }
    let volume = (1 << axes) as f64;
    let rounding = ROUNDING * (1.0 + constant.abs() + reach + radius);
    let (low, high) = if reach > SMALL {
        let squares = (0..axes).scan(axes, |place, axis| {
            let own = rest[*place];
            *place += axes - axis;
            Some(own)
        });
        (volume.ln() - squares.sum::<f64>() / 3.0, volume.ln() + reach)
    } else {
        let sum: f64 = match *rest {
            [slope, square] => RULE.iter().map(|(t, w)| w * (-t * (slope + square * t)).exp()).sum(),
            [b1, b2, c11, c12, c22] => RULE
                .iter()
                .map(|(s, v)| {
                    let (along, slope) = (s * (b1 + c11 * s), b2 + c12 * s);
                    v * RULE.iter().map(|(t, w)| w * (-(along + t * (slope + c22 * t))).exp()).sum::<f64>()
                })
                .sum(),
            _ => volume,
        };
        let factorial: f64 = (1..=ORDER + 1).map(|k| k as f64).product();
        let beyond = 2.0 * volume * reach.powi(ORDER as i32 + 1) / factorial * reach.exp();
        ((sum - beyond).ln(), (sum + beyond).ln())
    };
    (low - constant - radius - rounding, high - constant + radius + rounding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_rule_integrates_powers_up_to_its_degree() {
        for power in 0..24 {
            let found: f64 = RULE.iter().map(|(t, w)| w * t.powi(power)).sum();
            let truth = if power % 2 == 0 { 2.0 / f64::from(power + 1) } else { 0.0 };
            assert!((found - truth).abs() < 1e-14, "{power}: {found}");
        }
        // Abramowitz and Stegun, table 25.4: the largest node of twelve and its weight.
        assert!((RULE[0].0 - 0.981_560_634_246_719).abs() < 1e-14 && (RULE[0].1 - 0.047_175_336_386_512).abs() < 1e-14);
    }

    proptest! {
        #[test]
        fn exponentials_of_lines_lie_between(
            constant in -30f64..30.0,
            slopes in prop::collection::vec(-3f64..3.0, 1..=2),
            radius in 0f64..0.5,
        ) {
            // The integral of exp(-b t) is 2 sinh(b) / b.
            let axes = slopes.len();
            let truth: f64 = slopes.iter().map(|b| (2.0 * b.sinh() / b).ln()).sum::<f64>() - constant;
            let mut terms = vec![constant];
            terms.extend(&slopes);
            terms.resize(1 + axes + axes * (axes + 1) / 2, 0.0);
            let (low, high) = log_integral(&terms, radius, axes);
            prop_assert!(low <= truth - radius && truth + radius <= high, "{low} {truth} {high}");
            if slopes.iter().map(|b| b.abs()).sum::<f64>() < 1.0 {
                prop_assert!(high - low < 2.0 * radius + 1e-6);
            }
        }

        #[test]
        fn exponentials_of_parabolas_lie_between(c in prop::collection::vec(-2.5f64..2.5, 5)) {
            let p = |s: f64, t: f64| s * (c[0] + c[2] * s) + t * (c[1] + c[3] * s + c[4] * t);
            // The midpoint rule on 400 x 400 cells is good to a few millionths here.
            let node = |k: usize| (k as f64 + 0.5) / 200.0 - 1.0;
            let sum: f64 = (0..400).flat_map(|i| (0..400).map(move |j| (i, j))).map(|(i, j)| (-p(node(i), node(j))).exp()).sum();
            let truth = (sum / 40_000.0).ln();
            let (low, high) = log_integral(&[&[0.0], &c[..]].concat(), 0.0, 2);
            prop_assert!(low <= truth + 1e-4 && truth - 1e-4 <= high, "{low} {truth} {high}");
        }
    }

    #[test]
    fn what_is_not_finite_is_between_nothing_and_everything() {
        assert_eq!(log_integral(&[f64::NAN, 0.0, 0.0], 0.0, 1), (f64::NEG_INFINITY, f64::INFINITY));
        assert_eq!(log_integral(&[0.0, 0.0, 0.0], f64::INFINITY, 1), (f64::NEG_INFINITY, f64::INFINITY));
    }
}
