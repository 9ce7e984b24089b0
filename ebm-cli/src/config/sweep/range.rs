//! A range that values are drawn from.

use ebm_core::random::Random;
use rand::RngExt;
use toml::Value;

/// Whole numbers up to this size are `f64`s without a loss.
const WHOLE: u64 = 1 << 53;

/// A range that values are drawn from, ends included.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Range {
    low: f64,
    high: f64,
    /// Whether equal ratios are equally likely, in place of equal lengths.
    log: bool,
    /// Whether the values are whole numbers, as both ends are.
    whole: bool,
}

impl Range {
    /// Describes a valid range, for error messages.
    pub const EXPECTED: &str =
        "{ linear = [LOW, HIGH] } or { log = [LOW, HIGH] }, finite numbers, LOW < HIGH, of a logarithmic range above 0";

    /// Whether a table is meant to be a range, and not a table of ranges.
    pub fn is_meant(value: &Value) -> bool {
        let given = |name: &str| value.get(name).is_some_and(|inner| !inner.is_table());
        given("linear") || given("log")
    }

    /// Reads a range; `None` if the value is not a range.
    pub fn read(value: &Value) -> Option<Self> {
        let table = value.as_table().filter(|table| table.len() == 1)?;
        let (name, ends) = table.iter().next()?;
        let log = match name.as_str() {
            "linear" => false,
            "log" => true,
            _ => return None,
        };
        let [low, high] = ends.as_array()?.as_slice() else { return None };
        let whole = low.is_integer() && high.is_integer();
        let size = |end: &Value| end.as_integer().map_or(0, i64::unsigned_abs);
        if whole && size(low).max(size(high)) > WHOLE {
            return None;
        }
        let (low, high) = (number(low)?, number(high)?);
        // The width of a range of finite numbers may be infinite.
        let good = (high - low).is_finite() && low < high && (!log || low > 0.0);
        good.then_some(Self { low, high, log, whole })
    }

    /// The value of a place in the space of random numbers. Real ones have four significant digits: what is shown is what
    /// is used.
    pub fn draw(&self, random: Random) -> Value {
        let uniform: f64 = random.rng().random();
        if self.whole {
            let drawn = self.between(self.high + 1.0, uniform).floor();
            return Value::from(drawn.clamp(self.low, self.high) as i64);
        }
        let drawn = self.between(self.high, uniform);
        let rounded = format!("{drawn:.3e}").parse().unwrap_or(drawn);
        Value::from(f64::clamp(rounded, self.low, self.high))
    }

    /// The value at a share of the way from the low end to `high`.
    fn between(&self, high: f64, share: f64) -> f64 {
        match self.log {
            false => self.low + share * (high - self.low),
            true => (self.low.ln() + share * (high.ln() - self.low.ln())).exp(),
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Option<Range> {
        Range::read(&text.parse::<Value>().unwrap())
    }

    #[test]
    fn what_is_no_range_is_none() {
        for text in [
            "3",
            "[1, 2]",
            "{ log = [1, 2], linear = [1, 2] }",
            "{ cubic = [1, 2] }",
            "{ linear = [1] }",
            "{ linear = [2, 1] }",
            "{ linear = [1, 1] }",
            "{ linear = [0, inf] }",
            "{ linear = [-1.7e308, 1.7e308] }",
            "{ linear = [nan, 1.0] }",
            "{ log = [0, 1] }",
            "{ log = [-1.0, 1.0] }",
            "{ linear = [\"a\", 1] }",
            "{ linear = [0, 9223372036854775807] }",
        ] {
            assert_eq!(range(text), None, "{text}");
        }
        assert!(Range::is_meant(&"{ log = [0, 1] }".parse().unwrap()));
        assert!(!Range::is_meant(&"{ log = { x = 1 } }".parse().unwrap()));
    }

    /// Each half of a range, by its own measure, gets half of the draws: 4 standard deviations of 4,000 are 0.032.
    #[test]
    fn halves_of_a_range_are_equally_likely_by_its_measure() {
        for (text, middle, low, high, whole) in [
            ("{ linear = [-1.0, 3.0] }", 1.0, -1.0, 3.0, false),
            ("{ log = [1e-6, 1e-2] }", 1e-4, 1e-6, 1e-2, false),
            ("{ log = [1, 64.0] }", 8.0, 1.0, 64.0, false),
            ("{ linear = [1, 10] }", 5.5, 1.0, 10.0, true),
            // ln(8 / 1) / ln(64 / 1) = 1 / 2, the upper end of the whole range being open at 64.
            ("{ log = [1, 63] }", 7.5, 1.0, 63.0, true),
        ] {
            let range = range(text).unwrap();
            let draw = |index| range.draw(Random::new(3).stream("test").at(index));
            let drawn: Vec<Value> = (0..4000).map(draw).collect();
            assert!(drawn.iter().all(|value| value.is_integer() == whole), "{text}");
            let drawn: Vec<f64> = drawn.iter().filter_map(number).collect();
            assert!(drawn.iter().all(|value| (low..=high).contains(value)), "{text}");
            let below = drawn.iter().filter(|value| **value < middle).count() as f64 / 4000.0;
            assert!((below - 0.5).abs() < 0.032, "{text}: {below}");
            // Both ends of a range of whole numbers are drawn.
            let drawn_end = |end: f64| drawn.contains(&end);
            assert!(!whole || drawn_end(low) && drawn_end(high), "{text}");
        }
    }
}
