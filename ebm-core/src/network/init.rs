use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::device::Real;
use crate::random::Random;

/// How a layer's weights `[outputs, inputs]` start. Biases start at zero, except with `uniform`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Init {
    /// Weights and biases uniform in +-1/sqrt(inputs): what PyTorch's linear layers start with.
    #[default]
    Uniform,
    /// Normal with variance 2/inputs, 1/inputs before a linear output (He et al., ICCV 2015).
    Kaiming,
    /// Normal with variance 2/(inputs + outputs) (Glorot and Bengio, AISTATS 2010).
    Xavier,
    /// Normal with standard deviation 0.02 (Radford et al., ICLR 2016).
    Dcgan,
    /// Orthonormal rows or columns, whichever are fewer (Saxe et al., ICLR 2014).
    Orthogonal,
}

impl Init {
    /// Weights `[outputs, inputs]`; `linear`: no activation follows.
    pub fn weights(self, outputs: usize, inputs: usize, linear: bool, random: Random) -> Vec<Real> {
        let (n, random) = (outputs * inputs, random.stream("weight"));
        let normal =
            |deviation: f64| -> Vec<Real> { random.normals(n).into_iter().map(|v| v * deviation as Real).collect() };
        match self {
            Self::Uniform => uniform(n, inputs, random),
            Self::Kaiming => normal((if linear { 1.0 } else { 2.0 } / inputs as f64).sqrt()),
            Self::Xavier => normal((2.0 / (inputs + outputs) as f64).sqrt()),
            Self::Dcgan => normal(0.02),
            Self::Orthogonal => orthogonal(outputs, inputs, &normal(1.0)),
        }
    }

    /// Biases `[count]` of a layer with that many inputs.
    pub fn biases(self, count: usize, inputs: usize, random: Random) -> Vec<Real> {
        match self {
            Self::Uniform => uniform(count, inputs, random.stream("bias")),
            _ => vec![0.0; count],
        }
    }
}

/// `n` draws from +-1/sqrt(inputs).
fn uniform(n: usize, inputs: usize, random: Random) -> Vec<Real> {
    let limit = 1.0 / (inputs as Real).sqrt();
    random.uniforms(n).into_iter().map(|v| (2.0 * v - 1.0) * limit).collect()
}

/// Gram-Schmidt on the shorter axis.
fn orthogonal(outputs: usize, inputs: usize, draws: &[Real]) -> Vec<Real> {
    let (count, length) = (outputs.min(inputs), outputs.max(inputs));
    let mut vectors: Vec<Vec<f64>> = Vec::with_capacity(count);
    for i in 0..count {
        let mut v: Vec<f64> = draws[i * length..(i + 1) * length].iter().map(|&x| f64::from(x)).collect();
        // Twice, because once loses orthogonality to rounding.
        for _ in 0..2 {
            for u in &vectors {
                let along: f64 = u.iter().zip(&v).map(|(a, b)| a * b).sum();
                v.iter_mut().zip(u).for_each(|(a, b)| *a -= along * b);
            }
        }
        let norm = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        v.iter_mut().for_each(|x| *x /= norm);
        vectors.push(v);
    }
    let at = |o: usize, i: usize| {
        if outputs <= inputs { vectors[o][i] } else { vectors[i][o] }
    };
    (0..outputs).flat_map(|o| (0..inputs).map(move |i| (o, i))).map(|(o, i)| at(o, i) as Real).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviations_are_those_named() {
        for (init, deviation) in [
            (Init::Uniform, (1.0 / 200.0f64 / 3.0).sqrt()),
            (Init::Kaiming, (2.0 / 200.0f64).sqrt()),
            (Init::Xavier, (2.0 / 500.0f64).sqrt()),
            (Init::Dcgan, 0.02),
        ] {
            let w = init.weights(300, 200, false, Random::new(1));
            let square = w.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / w.len() as f64;
            assert!((square.sqrt() / deviation - 1.0).abs() < 0.02, "{init:?}");
        }
    }

    #[test]
    fn orthogonal_weights_are_orthonormal_along_the_shorter_axis() {
        for (outputs, inputs) in [(3, 5), (5, 3), (4, 4)] {
            let w = Init::Orthogonal.weights(outputs, inputs, false, Random::new(2));
            let short = outputs.min(inputs);
            let at = |a: usize, k: usize| {
                if outputs <= inputs { w[a * inputs + k] } else { w[k * inputs + a] }
            };
            for a in 0..short {
                for b in 0..short {
                    let dot: Real = (0..outputs.max(inputs)).map(|k| at(a, k) * at(b, k)).sum();
                    let truth = if a == b { 1.0 } else { 0.0 };
                    assert!((dot - truth).abs() < 1e-5);
                }
            }
        }
    }
}
