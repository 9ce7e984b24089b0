//! The axes of a grid, and their product.

use toml::Value;

/// A key with the values it takes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    /// The key, dotted from the top of a configuration.
    pub key: String,
    /// Its values, in the order they are given.
    pub values: Vec<Value>,
}

/// Number of combinations; `None` if a `usize` cannot hold it.
pub(super) fn size(axes: &[Axis]) -> Option<usize> {
    axes.iter()
        .try_fold(1usize, |size, axis| size.checked_mul(axis.values.len()))
}

/// Every combination of one value of each axis, in the order of the axes; the last axis varies fastest.
pub(super) fn product(axes: &[Axis]) -> Vec<Vec<(String, Value)>> {
    let longer = |point: &Vec<(String, Value)>, axis: &Axis| {
        let with = |value: &Value| [point.as_slice(), &[(axis.key.clone(), value.clone())]].concat();
        axis.values.iter().map(with).collect::<Vec<_>>()
    };
    axes.iter().fold(vec![Vec::new()], |points, axis| {
        points.iter().flat_map(|point| longer(point, axis)).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn axes(lengths: &[usize]) -> Vec<Axis> {
        let axis = |(index, length): (usize, &usize)| Axis {
            key: format!("k{index}"),
            values: (0..*length as i64).map(Value::from).collect(),
        };
        lengths.iter().enumerate().map(axis).collect()
    }

    #[test]
    fn the_last_axis_varies_fastest() {
        let points = product(&axes(&[2, 3]));
        let digits: Vec<String> = points
            .iter()
            .map(|point| point.iter().map(|(_, value)| value.to_string()).collect())
            .collect();
        assert_eq!(digits, ["00", "01", "02", "10", "11", "12"]);
        assert_eq!(product(&[]), [vec![]]);
        assert_eq!(size(&axes(&[usize::MAX / 2; 0])), Some(1));
    }

    #[test]
    fn a_product_that_cannot_be_counted_is_none() {
        let wide = axes(&[1 << 10]).remove(0);
        assert_eq!(size(&vec![wide; 7]), None);
    }

    proptest! {
        /// Counting in mixed radix is an independent way to enumerate: the digits of i are the values of point i.
        #[test]
        fn every_combination_is_there_once_and_in_order(lengths in prop::collection::vec(1usize..5, 0..5)) {
            let axes = axes(&lengths);
            let points = product(&axes);
            prop_assert_eq!(Some(points.len()), size(&axes));
            prop_assert_eq!(points.len(), lengths.iter().product::<usize>());
            for (index, point) in points.iter().enumerate() {
                let mut rest = index;
                for (axis, (key, value)) in axes.iter().zip(point).rev() {
                    prop_assert_eq!(key, &axis.key);
                    prop_assert_eq!(value, &axis.values[rest % axis.values.len()]);
                    rest /= axis.values.len();
                }
                prop_assert_eq!(rest, 0);
            }
            let different: BTreeSet<String> = points.iter().map(|point| format!("{point:?}")).collect();
            prop_assert_eq!(different.len(), points.len());
        }
    }
}
