//! Weights that are the same in single and in double precision.

use ebm_core::device::Real;
use ebm_core::parameter::{Module, Parameter};

use super::case::Found;
use super::figures::Compared;
use super::numbers::{numbers, scaled};
use super::operation::doubles;

/// Gives every array of a module numbers of its own: a matrix such as keep the size of what goes through it, a factor or a
/// statistic such as are near to where they start.
pub(super) fn set_weights(name: &str, module: &mut dyn Module) {
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
    let size = if start == 0.0 && !parameter.is_trained() {
        1.0
    } else {
        0.125
    };
    numbers.into_iter().map(|n| start + size * n).collect()
}

/// The values of everything that is trained, array by array.
pub(super) fn trained(module: &dyn Module) -> Vec<Vec<f64>> {
    let trained = module.parameters().into_iter().filter(|p| p.is_trained());
    trained.map(|p| doubles(p.values())).collect()
}

/// How far each array went.
pub(super) fn change(before: &[Vec<f64>], after: &[Vec<f64>]) -> Found {
    let arrays = before.iter().zip(after);
    let apart = |(before, after): (&Vec<f64>, &Vec<f64>)| after.iter().zip(before).map(|(a, b)| a - b).collect();
    arrays.map(|pair| (Compared::InWeights, apart(pair))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::geometry::Fixed;
    use ebm_core::random::Random;
    use ebm_models::mlp::{MlpGenerator, MlpGeneratorConfig};

    #[test]
    fn weights_are_those_of_their_name_wherever_a_network_started() {
        let config = MlpGeneratorConfig {
            hidden: vec![5],
            batch_norm: true,
            ..Default::default()
        };
        let weights = |seed, name: &str| {
            let mut model = MlpGenerator::new(Fixed::<2, 2>, &config, Random::new(seed));
            set_weights(name, &mut model);
            model.state()
        };
        assert_eq!(weights(1, "a"), weights(2, "a"));
        assert_ne!(weights(1, "a"), weights(1, "b"));
        for (name, (_, values)) in weights(1, "a") {
            for value in values.into_iter().map(f64::from) {
                assert_eq!(f64::from(value as f32), value, "{name}");
                // A variance stays positive.
                assert!(!name.contains("var") || value > 0.5, "{name}: {value}");
            }
        }
    }
}
