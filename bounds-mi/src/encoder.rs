use ebm_core::kernels::{
    normal::{limited, log_density},
    with_vjp,
};
use ebm_core::network::{Init, Network};
use ebm_core::{kernels::Activation, prelude::*};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use crate::estimators::LOG_VARIANCE;
use crate::network::NetworkConfig;

/// A Gaussian q(z given x): a multi-layer perceptron from x to its parameters, whose outputs start close to 0, at N(0, I).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct EncoderConfig {
    /// Widths of the hidden layers; `[]`: an affine map.
    #[default(vec![128, 128])]
    pub hidden: Vec<usize>,
    /// Activation of the hidden layers.
    pub activation: Activation,
    /// How the weights start, but for the output layer's, which are close to 0.
    pub init: Init,
    /// Factor of the initial weights.
    #[default(1.0)]
    pub init_gain: f64,
    /// The covariance of z given x.
    pub covariance: Covariance,
}

impl EncoderConfig {
    fn network(&self) -> NetworkConfig {
        let Self { hidden, activation, init, init_gain, .. } = self.clone();
        NetworkConfig { hidden, activation, init, init_gain }
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        self.network().check()
    }

    /// The numbers of its network, as [`NetworkConfig::numbers`] has them.
    pub(crate) fn numbers(&self, inputs: usize, latent: usize) -> [f64; 2] {
        self.network().numbers(inputs, self.covariance.outputs(latent))
    }

    /// The network from `[B, inputs]` to the parameters of a Gaussian over `latent` coordinates.
    pub(crate) fn build(&self, inputs: usize, latent: usize, random: Random) -> Network {
        self.network().build(inputs, self.covariance.outputs(latent), "encoder.", random)
    }
}

/// The covariance of an encoder's Gaussian.
///
/// Coordinate i of z, given those before it, is normal with mean `m_i + sum_(j<i) a_ij (z_j - m_j)` and variance `e^(l_i)`. The
/// outputs are m, l and the rows of A, which make the Cholesky factor of the inverse of the covariance; without A the coordinates
/// are independent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Covariance {
    /// A variance for each coordinate: 2 d outputs in all, for d latents.
    #[default]
    Diagonal,
    /// Any covariance, by the Cholesky factor of its inverse: d + d (d + 1) / 2 outputs, which are many where d is large.
    Full,
}

impl Covariance {
    /// Number of outputs for d latents.
    fn outputs(self, d: usize) -> usize {
        match self {
            Self::Diagonal => d.saturating_mul(2),
            Self::Full => d.saturating_mul(2).saturating_add(d.saturating_mul(d.saturating_sub(1)) / 2),
        }
    }

    /// `ln q(z_b given x_b)` `[B]`, and the derivatives of its *mean* over the batch in the outputs.
    pub(crate) fn log_density<G: Geometry>(self, outputs: &Matrix, z: &Latents<G>) -> (Vec<f64>, Matrix) {
        let d = width(z);
        if self == Self::Diagonal {
            let (densities, slopes) = log_density(outputs, z, LOG_VARIANCE);
            return (densities.read(), slopes);
        }
        let (all, latents) = (values(outputs), values(z));
        let given = || all.chunks_exact(width(outputs)).map(move |row| Row::new(row, d)).zip(latents.chunks_exact(d));
        // Given the coordinates before it, each one is independent of the rest.
        let conditional = given().flat_map(|(row, z)| [row.conditional_means(z), row.logarithms.to_vec()].concat());
        let conditional = tensor(conditional.collect(), (rows(z), 2 * d));
        let (densities, slopes) = log_density(&conditional, z, LOG_VARIANCE);
        let slopes = values(&slopes);
        let slopes = given().zip(slopes.chunks_exact(2 * d)).flat_map(|((row, z), slopes)| {
            let (in_means, in_logarithms) = slopes.split_at(d);
            let deviations: Vec<Real> = z.iter().zip(row.means).map(|(z, m)| z - m).collect();
            let means = (0..d).map(|j| in_means[j] - (j + 1..d).map(|i| in_means[i] * row.factor(i, j)).sum::<Real>());
            let means: Vec<Real> = means.collect();
            [means, in_logarithms.to_vec(), products(in_means, &deviations)].concat()
        });
        (densities.read(), tensor(slopes.collect(), (rows(outputs), width(outputs))))
    }

    /// K draws of z for each x, `[K*B, d]`, all of the first draw before those of the second, from the outputs `[B, ...]` and
    /// standard normal `noise` in the same order; on the tape of the outputs.
    pub(crate) fn draws<G: Geometry>(
        self,
        outputs: Matrix<SharedTape>,
        geometry: G,
        noise: Vec<Real>,
    ) -> Latents<G, SharedTape> {
        let (d, columns) = (geometry.latent_width(), width(&outputs));
        let all = values(&outputs);
        // Draws less their means.
        let mut deviations: Vec<Real> = Vec::with_capacity(noise.len());
        let mut drawn: Vec<Real> = Vec::with_capacity(noise.len());
        for (row, noise) in all.chunks_exact(columns).cycle().zip(noise.chunks_exact(d)) {
            let row = Row::new(row, d);
            let start = deviations.len();
            for (i, noise) in noise.iter().enumerate() {
                let known: Real = (0..i).map(|j| row.factor(i, j) * deviations[start + j]).sum();
                let deviation = known + row.deviation(i) * noise;
                deviations.push(deviation);
                drawn.push(row.means[i] + deviation);
            }
        }
        with_vjp(outputs, geometry.latents(drawn), move |g| {
            let mut slopes: Vec<Real> = vec![0.0; all.len()];
            let of_batch = all.len() / columns;
            for (index, (g, noise)) in g.chunks_exact(d).zip(noise.chunks_exact(d)).enumerate() {
                let own = index % of_batch * columns..(index % of_batch + 1) * columns;
                let row = Row::new(&all[own.clone()], d);
                // Back through the coordinates: what reaches one reaches those that it was made of.
                let mut through = g.to_vec();
                for i in (0..d).rev() {
                    for j in 0..i {
                        through[j] += row.factor(i, j) * through[i];
                    }
                }
                let to = &mut slopes[own];
                for (i, ((g, through), noise)) in g.iter().zip(&through).zip(noise).enumerate() {
                    to[i] += g;
                    to[d + i] += 0.5 * through * row.deviation(i) * noise * row.turn(i) as Real;
                }
                if columns > 2 * d {
                    let factors = products(&through, &deviations[index * d..][..d]);
                    to[2 * d..].iter_mut().zip(factors).for_each(|(to, f)| *to += f);
                }
            }
            slopes
        })
    }

    /// `1/2 sum_i l_i` `[B]`, the logarithm of the volume of one standard deviation, by outputs, and the derivatives of the l in
    /// theirs, `[B, d]`.
    pub(crate) fn log_volumes(self, outputs: &Matrix, d: usize) -> (Vec<f64>, Vec<f64>) {
        let all = values(outputs);
        let each = || all.chunks_exact(width(outputs)).map(move |row| Row::new(row, d));
        let volumes = each().map(|row| 0.5 * (0..d).map(|i| row.logarithm(i)).sum::<f64>());
        (volumes.collect(), each().flat_map(|row| (0..d).map(move |i| row.turn(i))).collect())
    }
}

/// `a_i b_j` for all j < i, in the order of the factors.
fn products(a: &[Real], b: &[Real]) -> Vec<Real> {
    a.iter().enumerate().flat_map(|(i, a)| b[..i].iter().map(move |b| a * b)).collect()
}

/// The outputs for one x.
#[derive(Clone, Copy)]
struct Row<'a> {
    means: &'a [Real],
    logarithms: &'a [Real],
    /// Row by row below the diagonal; none for a diagonal covariance.
    factors: &'a [Real],
}

impl<'a> Row<'a> {
    fn new(outputs: &'a [Real], d: usize) -> Self {
        Self { means: &outputs[..d], logarithms: &outputs[d..2 * d], factors: &outputs[2 * d..] }
    }

    /// `a_ij`, for j < i.
    fn factor(&self, i: usize, j: usize) -> Real {
        if self.factors.is_empty() { 0.0 } else { self.factors[i * (i - 1) / 2 + j] }
    }

    /// `l_i`, within its limits, and its derivative in the output.
    fn limited(&self, i: usize) -> (f64, f64) {
        limited(f64::from(self.logarithms[i]), *LOG_VARIANCE.start(), *LOG_VARIANCE.end())
    }

    fn logarithm(&self, i: usize) -> f64 {
        self.limited(i).0
    }

    fn turn(&self, i: usize) -> f64 {
        self.limited(i).1
    }

    /// `e^(l_i / 2)`
    fn deviation(&self, i: usize) -> Real {
        (0.5 * self.logarithm(i)).exp() as Real
    }

    /// The mean of each coordinate of z given those before it.
    fn conditional_means(&self, z: &[Real]) -> Vec<Real> {
        let mean = |i: usize| {
            let known: Real = (0..i).map(|j| self.factor(i, j) * (z[j] - self.means[j])).sum();
            self.means[i] + known
        };
        (0..z.len()).map(mean).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const D: usize = 3;
    const BATCH: usize = 2;
    type Space = Fixed<D, 2>;

    fn normals(name: &str, count: usize) -> Vec<Real> {
        Random::new(3).stream(name).normals(count).into_iter().map(|v| 0.5 * v).collect()
    }

    fn outputs(covariance: Covariance) -> Matrix {
        let columns = covariance.outputs(D);
        tensor(normals("outputs", BATCH * columns), (BATCH, columns))
    }

    /// Central differences of a function of outputs.
    fn differences(outputs: &Matrix, f: impl Fn(Matrix) -> f64) -> Vec<f64> {
        let step: Real = if ebm_core::device::DOUBLE_PRECISION { 1e-5 } else { 1e-2 };
        let moved = |i: usize, by: Real| {
            let mut all = values(outputs);
            all[i] += by;
            f(tensor(all, (rows(outputs), width(outputs))))
        };
        (0..values(outputs).len()).map(|i| (moved(i, step) - moved(i, -step)) / (2.0 * f64::from(step))).collect()
    }

    fn near(ours: &[Real], truth: &[f64]) {
        let tolerance = if ebm_core::device::DOUBLE_PRECISION { 1e-7 } else { 3e-3 };
        assert_eq!(ours.len(), truth.len());
        for (ours, truth) in ours.iter().zip(truth) {
            assert!((f64::from(*ours) - truth).abs() < tolerance * (1.0 + truth.abs()), "{ours} is not {truth}");
        }
    }

    #[test]
    fn the_density_is_that_of_the_covariance_which_the_factor_makes() {
        // z_1 ~ N(0.5, 4), z_2 given z_1 ~ N(-1 + 0.75 (z_1 - 0.5), 1): covariance [[4, 3], [3, 3.25]], determinant 4. At (1.5, 1):
        // deviations (1, 2), quadratic form (3.25 - 2 6 + 4 4) / 4 = 1.8125, density -ln(2 pi) - ln 2 - 0.90625.
        let outputs = tensor(vec![0.5, -1.0, (4.0 as Real).ln(), 0.0, 0.75], (1, 5));
        let z = Fixed::<2, 2>.latents(vec![1.5, 1.0]);
        let (found, _) = Covariance::Full.log_density::<Fixed<2, 2>>(&outputs, &z);
        assert!((found[0] + 1.837_877 + std::f64::consts::LN_2 + 0.906_25).abs() < 1e-5, "{found:?}");
    }

    #[test]
    fn full_without_factors_is_diagonal() {
        let diagonal = outputs(Covariance::Diagonal);
        let full = values(&diagonal).chunks_exact(2 * D).flat_map(|row| [row, &[0.0; 3]].concat()).collect();
        let full = tensor(full, (BATCH, 9));
        let z = Space::default().latents(normals("z", BATCH * D));
        let [a, b] = [(Covariance::Diagonal, &diagonal), (Covariance::Full, &full)]
            .map(|(covariance, outputs)| covariance.log_density::<Space>(outputs, &z).0);
        assert_eq!(a, b);
        let noise = normals("noise", 2 * BATCH * D);
        let off = SharedTape::off();
        let [a, b] = [(Covariance::Diagonal, &diagonal), (Covariance::Full, &full)].map(|(covariance, outputs)| {
            values(&covariance.draws(off.watch(outputs), Space::default(), noise.clone()))
        });
        assert_eq!(a, b);
    }

    #[test]
    fn a_draw_has_the_density_of_its_noise() {
        // ln q(z) = -d/2 ln(2 pi) - 1/2 sum l - |e|^2/2.
        for covariance in [Covariance::Diagonal, Covariance::Full] {
            let (outputs, noise) = (outputs(covariance), normals("noise", BATCH * D));
            let z = detach(covariance.draws(SharedTape::off().watch(&outputs), Space::default(), noise.clone()));
            let (found, _) = covariance.log_density::<Space>(&outputs, &z);
            let (volumes, turns) = covariance.log_volumes(&outputs, D);
            assert_eq!(turns, [1.0; BATCH * D]);
            for ((found, volume), noise) in found.iter().zip(volumes).zip(noise.chunks_exact(D)) {
                let squares: f64 = noise.iter().map(|e| f64::from(*e).powi(2)).sum();
                let truth = -0.5 * (D as f64 * std::f64::consts::TAU.ln() + squares) - volume;
                assert!((found - truth).abs() < 2e-5, "{found} is not {truth}");
            }
        }
    }

    #[test]
    fn densities_and_draws_are_differentiated_right() {
        for covariance in [Covariance::Diagonal, Covariance::Full] {
            let outputs = outputs(covariance);
            let z = Space::default().latents(normals("z", BATCH * D));
            let (_, slopes) = covariance.log_density::<Space>(&outputs, &z);
            let mean =
                |outputs: Matrix| covariance.log_density::<Space>(&outputs, &z).0.iter().sum::<f64>() / BATCH as f64;
            near(&values(&slopes), &differences(&outputs, mean));

            let noise = normals("noise", 3 * BATCH * D);
            let weights = Space::default().latents(normals("weights", 3 * BATCH * D));
            let drawn = |outputs: Matrix, tape: SharedTape| {
                let z = covariance.draws(tape.watch(&outputs), Space::default(), noise.clone());
                sum(row_dot(z, SharedTape::off().watch(&weights)))
            };
            let slopes = backward(drawn(outputs.clone(), SharedTape::inputs_only())).of(&outputs);
            near(&values(&slopes), &differences(&outputs, |outputs| item(&drawn(outputs, SharedTape::off()))));
        }
    }
}
