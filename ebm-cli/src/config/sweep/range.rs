//! A range that values are drawn from.

use ebm_core::random::Random;
use rand::RngExt;
use toml::Value;

/// Whole numbers up to this size are `f64`s without a loss.
const WHOLE: i64 = 1 << 53;

/// How a range is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scale {
    /// Equal lengths are equally likely.
    Linear,
    /// Equal ratios are equally likely.
    Log,
}

/// The ends of a range, which are in it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ends {
    Whole(i64, i64),
    Real(f64, f64),
}

/// A range that values are drawn from: whole numbers where both its ends are.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Range {
    scale: Scale,
    ends: Ends,
}

impl Range {
    /// What is expected where a range is not understood.
    pub const EXPECTED: &str =
        "{ linear = [LOW, HIGH] } or { log = [LOW, HIGH] }, finite numbers, LOW < HIGH, of a logarithmic range above 0";

    /// Whether a table is meant to be a range, and not a table of ranges.
    pub fn is_meant(value: &Value) -> bool {
        let given = |name: &str| value.get(name).is_some_and(|inner| !inner.is_table());
        given("linear") || given("log")
    }

    /// Reads a range; `None` if it is none.
    pub fn read(value: &Value) -> Option<Self> {
        let table = value.as_table().filter(|table| table.len() == 1)?;
        let (name, ends) = table.iter().next()?;
        let scale = match name.as_str() {
            "linear" => Scale::Linear,
            "log" => Scale::Log,
            _ => return None,
        };
        let [low, high] = ends.as_array()?.as_slice() else {
            return None;
        };
        let ends = match (low.as_integer(), high.as_integer()) {
            (Some(low), Some(high)) => Ends::Whole(low, high),
            _ => Ends::Real(number(low)?, number(high)?),
        };
        let (low, high) = match ends {
            Ends::Whole(low, high) if low.abs() > WHOLE || high.abs() > WHOLE => return None,
            Ends::Whole(low, high) => (low as f64, high as f64),
            Ends::Real(low, high) => (low, high),
        };
        // The width of a range of finite numbers may be infinite.
        let good = (high - low).is_finite() && low < high && (scale == Scale::Linear || low > 0.0);
        good.then_some(Self { scale, ends })
    }

    /// The value of a place in the space of random numbers. Real ones have four significant digits: what is shown is what
    /// is used.
    pub fn draw(&self, random: Random) -> Value {
        let uniform: f64 = random.rng().random();
        match self.ends {
            Ends::Whole(low, high) => {
                let drawn = self.between(low as f64, high as f64 + 1.0, uniform).floor();
                Value::from((drawn as i64).clamp(low, high))
            }
            Ends::Real(low, high) => {
                let drawn = self.between(low, high, uniform);
                let rounded = format!("{drawn:.3e}").parse().unwrap_or(drawn);
                Value::from(f64::clamp(rounded, low, high))
            }
        }
    }

    fn between(&self, low: f64, high: f64, share: f64) -> f64 {
        match self.scale {
            Scale::Linear => low + share * (high - low),
            Scale::Log => (low.ln() + share * (high.ln() - low.ln())).exp(),
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    value
        .as_float()
        .or_else(|| value.as_integer().map(|whole| whole as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Option<Range> {
        Range::read(&text.parse::<Value>().unwrap())
    }

    fn draws(text: &str, count: u64) -> Vec<f64> {
        let range = range(text).unwrap();
        let drawn = |index| number(&range.draw(Random::new(3).stream("test").at(index))).unwrap();
        (0..count).map(drawn).collect()
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

    #[test]
    fn a_draw_is_a_function_of_its_place_and_has_the_type_of_the_ends() {
        assert_eq!(draws("{ linear = [0.0, 1.0] }", 5), draws("{ linear = [0.0, 1.0] }", 5));
        let place = Random::new(1).stream("a").at(2);
        assert!(range("{ log = [1, 64] }").unwrap().draw(place).is_integer());
        assert!(range("{ log = [1, 64.0] }").unwrap().draw(place).is_float());
    }

    /// Each half of a range, by its own measure, gets half of the draws: 4 standard deviations of 4,000 are 0.032.
    #[test]
    fn halves_of_a_range_are_equally_likely_by_its_measure() {
        for (text, middle, low, high) in [
            ("{ linear = [-1.0, 3.0] }", 1.0, -1.0, 3.0),
            ("{ log = [1e-6, 1e-2] }", 1e-4, 1e-6, 1e-2),
            ("{ linear = [1, 10] }", 5.5, 1.0, 10.0),
            // ln(8 / 1) / ln(64 / 1) = 1 / 2, the upper end of the whole range being open at 64.
            ("{ log = [1, 63] }", 7.5, 1.0, 63.0),
        ] {
            let drawn = draws(text, 4000);
            assert!(drawn.iter().all(|value| (low..=high).contains(value)), "{text}");
            let below = drawn.iter().filter(|value| **value < middle).count() as f64 / 4000.0;
            assert!((below - 0.5).abs() < 0.032, "{text}: {below}");
        }
        let whole = draws("{ linear = [1, 4] }", 400);
        assert!((1..=4).all(|end| whole.contains(&f64::from(end))));
    }
}
