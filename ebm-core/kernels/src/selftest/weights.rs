//! Weights that are the same in single and in double precision, and their gradients.

use super::case::{Found, Quantity, doubles};
use super::numbers::{numbers, scaled};
use crate::device::Real;
use crate::parameter::{Module, Parameter};

/// Gives every array of a module numbers of its own: to a matrix numbers that keep the size of what goes through it, to a factor
/// or a statistic numbers near those it starts with.
pub fn set_weights(name: &str, module: &mut dyn Module) {
    for parameter in module.parameters_mut() {
        let values = weights(&format!("{name}/{}", parameter.name()), parameter);
        parameter.set(&values);
    }
}

fn weights(name: &str, parameter: &Parameter) -> Vec<Real> {
    let count = parameter.len();
    let (shape, now) = (parameter.shape(), parameter.values());
    if parameter.is_trained() && shape.len() >= 2 {
        let inputs = (count / shape[0].max(1)).max(1) as f64;
        // 2^-e with e = log2(sqrt(inputs)), rounded down.
        return scaled(name, count, -(0.5 * inputs.log2()) as i32);
    }
    let start = match now.first() {
        Some(first) if !parameter.name().ends_with("bias") && now.iter().all(|v| v == first) => *first,
        _ => 0.0,
    };
    let numbers = numbers(name, count);
    // What a network multiplies by or adds, small beside it; else, as frequencies, of the size of one.
    let size = if start == 0.0 && !parameter.is_trained() { 1.0 } else { 0.125 };
    numbers.into_iter().map(|n| start + size * n).collect()
}

/// The values of all trained arrays.
pub fn trained(module: &dyn Module) -> Vec<Vec<f64>> {
    let trained = module.parameters().into_iter().filter(|p| p.is_trained());
    trained.map(|p| doubles(p.values())).collect()
}

/// The change of each array.
pub fn change(before: &[Vec<f64>], after: &[Vec<f64>]) -> Found {
    let arrays = before.iter().zip(after);
    let apart = |(before, after): (&Vec<f64>, &Vec<f64>)| after.iter().zip(before).map(|(a, b)| a - b).collect();
    arrays.map(|pair| (Quantity::InWeights, apart(pair))).collect()
}

/// Gradients in weights, an array each.
pub fn in_weights(gradients: Vec<Vec<Real>>) -> impl Iterator<Item = (Quantity, Vec<f64>)> {
    gradients.into_iter().map(|array| (Quantity::InWeights, doubles(array)))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Layer(Vec<Parameter>);
    impl Module for Layer {
        fn parameters(&self) -> Vec<&Parameter> {
            self.0.iter().collect()
        }
        fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
            self.0.iter_mut().collect()
        }
    }

    #[test]
    fn weights_are_those_of_their_name_wherever_a_network_started() {
        let weights = |start: Real, name: &str| {
            let mut layer = Layer(vec![
                Parameter::trained("weight", vec![5, 3], (0u8..15).map(|i| start * Real::from(i)).collect()),
                Parameter::trained("bias", vec![5], vec![start; 5]),
                Parameter::fixed("variance", vec![5], vec![1.0; 5]),
            ]);
            set_weights(name, &mut layer);
            layer.state()
        };
        assert_eq!(weights(1.0, "a"), weights(2.0, "a"));
        assert_ne!(weights(1.0, "a"), weights(1.0, "b"));
        for (name, (_, values)) in weights(1.0, "a") {
            for value in values.into_iter().map(f64::from) {
                assert_eq!(f64::from(value as f32), value, "{name}");
                // A variance stays positive.
                assert!(name != "variance" || value > 0.5, "{name}: {value}");
            }
        }
    }
}
