/// The logarithm of a growing sum of weighted exponentials, which neither overflow nor underflow.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogSum {
    shift: f64,
    sum: f64,
}

impl LogSum {
    pub(super) fn new() -> Self {
        Self { shift: f64::NEG_INFINITY, sum: 0.0 }
    }

    /// Adds `weight * exp(exponent)`.
    pub(super) fn add(&mut self, exponent: f64, weight: f64) {
        if exponent == f64::NEG_INFINITY {
            return;
        }
        if exponent == self.shift {
            // Two infinite ones, too.
            self.sum += weight;
        } else if exponent < self.shift {
            self.sum += weight * (exponent - self.shift).exp();
        } else {
            self.sum = self.sum * (self.shift - exponent).exp() + weight;
            self.shift = exponent;
        }
    }

    /// The largest exponent added; minus infinity if there was none.
    pub(super) fn largest(&self) -> f64 {
        self.shift
    }

    /// The logarithm of the sum; minus infinity if it is empty.
    pub(super) fn log(&self) -> f64 {
        self.shift + self.sum.ln()
    }
}

/// log of the mean of exp(a) and exp(b).
pub(super) fn log_mean(a: f64, b: f64) -> f64 {
    log_total([a, b]) - std::f64::consts::LN_2
}

/// log of the sum of the exponentials.
pub(super) fn log_total(exponents: impl IntoIterator<Item = f64>) -> f64 {
    let mut total = LogSum::new();
    for exponent in exponents {
        total.add(exponent, 1.0);
    }
    total.log()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_magnitude_does_not_matter() {
        for offset in [-5000.0, 0.0, 5000.0] {
            let mut sum = LogSum::new();
            for (value, weight) in [(1.0f64, 0.5), (3.0, 2.0), (2.0, 1.0)] {
                sum.add(value.ln() + offset, weight);
            }
            // 0.5 * 1 + 2 * 3 + 1 * 2 = 8.5
            assert!((sum.log() - offset - 8.5f64.ln()).abs() < 1e-11, "offset {offset}");
        }
    }

    #[test]
    fn nothing_sums_to_nothing() {
        assert_eq!(log_total([]), f64::NEG_INFINITY);
        assert_eq!(log_total([f64::NEG_INFINITY; 2]), f64::NEG_INFINITY);
        assert_eq!(log_total([f64::INFINITY; 2]), f64::INFINITY);
        assert_eq!(log_mean(f64::NEG_INFINITY, 2.0), 2.0 - std::f64::consts::LN_2);
    }
}
