use crate::delegate::delegate;
use ebm_core::data::{Dataset, Standardization};
use ebm_core::{device::Real, random::Random};
use std::sync::Arc;

/// A standardised data set in the units of another standardisation: that of the data that a model was trained on.
pub struct Rescaled {
    data: Arc<dyn Dataset>,
    from: Standardization,
    to: Standardization,
}

impl Rescaled {
    /// `data`, whose values were standardised by `from`, as if they had been standardised by `to`.
    pub fn new(data: Arc<dyn Dataset>, from: Standardization, to: Standardization) -> Self {
        Self { data, from, to }
    }

    fn rescale(&self, mut values: Vec<Real>) -> Vec<Real> {
        let Standardization { mean, deviation } = &self.from;
        let from = mean.iter().zip(deviation);
        let columns = from.zip(self.to.mean.iter().zip(&self.to.deviation)).cycle();
        for (value, ((mean, deviation), (new_mean, new_deviation))) in values.iter_mut().zip(columns) {
            *value = ((f64::from(*value) * deviation + mean - new_mean) / new_deviation) as Real;
        }
        values
    }
}

impl Dataset for Rescaled {
    delegate!(width description);

    fn draw(&self, n: usize, random: Random) -> Vec<Real> {
        self.rescale(self.data.draw(n, random))
    }
    fn held_out(&self, n: usize, random: Random) -> Vec<Real> {
        self.rescale(self.data.held_out(n, random))
    }
    fn validation(&self, n: usize, random: Random) -> Vec<Real> {
        self.rescale(self.data.validation(n, random))
    }
    fn standardization(&self) -> Option<Standardization> {
        Some(self.to.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RawTable, Shares, Table};

    #[test]
    fn values_are_those_of_the_source_in_the_other_units() {
        let raw = RawTable {
            path: "degrees.csv".into(),
            width: 2,
            values: (0..80).map(|i| f64::from(i * i % 23)).collect(),
            columns: None,
            notes: Vec::new(),
        };
        let shares = Shares { held_out: 0.2, validation: 0.1 };
        let data: Arc<dyn Dataset> = Arc::new(Table::new(raw, shares, true, Random::new(1)).unwrap());
        let own = data.standardization().unwrap();
        let to = Standardization { mean: vec![3.0, -1.0], deviation: vec![2.0, 0.5] };
        let other = Rescaled::new(data.clone(), own.clone(), to.clone());
        let place = Random::new(2).at(4);
        for (values, rescaled) in [
            (data.draw(9, place), other.draw(9, place)),
            (data.held_out(9, place), other.held_out(9, place)),
            (data.validation(9, place), other.validation(9, place)),
        ] {
            assert!(!values.is_empty());
            for (a, b) in own.invert(&values).into_iter().zip(to.invert(&rescaled)) {
                assert!((a - b).abs() < 1e-4, "{a} {b}");
            }
        }
        assert_eq!(other.standardization(), Some(to));
    }
}
