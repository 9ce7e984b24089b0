use dfdx::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;
use std::iter::repeat_n;

use crate::of_network::Times;
use ebm_core::device::{Matrix, PerSample, Real, values};
use ebm_core::diffusion::Process;
use ebm_core::error::ConfigError;
use ebm_core::kernels::rows::{repeat, stack, take_rows, unstack};
use ebm_core::models::of_gradient;
use ebm_core::random::Random;
use ebm_core::tape::SharedTape;
use ebm_core::tensor::{column, rows, tensor, width};

/// E(x, t) of an energy without a time, by convolution with the noise of a diffusion process.
///
/// With K points `y_k = (x - s n_k) / a` of normal noise n_k, a and s those of the process at time t,
/// `E(x, t) = -log mean_k exp(-E(y_k)) + D log a`. As K grows, this becomes `-log int exp(-E(y)) N(x; a y, s^2 I) dy`, which
/// solves the Fokker-Planck equation of the process by definition. E(x, 0) is E(x) for any K.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct ConvolutionConfig {
    /// Number of points K. E(x, t) is too large by a quantity of order 1/K, which grows with the noise s(t).
    #[default(16)]
    pub points: usize,
    /// The process: that of the upper bound.
    pub process: Process,
}

/// How the points of a sample lie, from the process at its time.
struct Spread {
    /// Noise `[points, D]`.
    noise: Vec<Real>,
    /// 1/a.
    inverse: Real,
    /// s/a.
    width: Real,
    /// s'/a.
    width_rate: Real,
    /// a'/a.
    decay: Real,
    /// log a.
    log_signal: Real,
}

impl ConvolutionConfig {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require_within("time.convolution.points", self.points, 1..=65_536)?;
        self.process.check().map_err(|error| error.within("time.convolution.process"))
    }

    /// `[(1+J) * primal, 1]`: E(x, t) of the values in the first rows of `x`, `[(1+J) * primal, D]`, and its derivatives along the
    /// J tangents of each below; `energy` is the static one of such rows.
    ///
    /// What is on the tape has the derivatives of this function, but not those of its derivatives.
    pub(crate) fn apply(
        &self,
        energy: impl Fn(Matrix<SharedTape>, usize) -> Matrix<SharedTape>,
        x: Matrix<SharedTape>,
        times: Times<'_>,
        primal: usize,
    ) -> Matrix<SharedTape> {
        let (columns, many) = (width(&x), self.points * primal);
        let directions = rows(&x) / primal.max(1) - 1;
        // At one time for all samples, or one each.
        let spreads: Vec<Spread> = times.at.iter().map(|time| self.spread(*time, columns)).collect();
        let of = |point: usize| &spreads[point % primal % spreads.len()];
        let noise = |point: usize| of(point).noise[point / primal * columns..][..columns].iter().copied();
        // Points are [K, primal]; tangents are [J, K, primal], made of the rows [J, primal].
        let tangents = || (0..directions * many).map(|index| (index % many, index / many * primal + index % primal));
        let rate = |row: usize| times.rates.get(row).copied().unwrap_or(0.0);

        let taken = (0..many).map(|point| point % primal).chain(tangents().map(|(_, row)| primal + row));
        let scales = (0..many).chain(tangents().map(|(point, _)| point)).map(|point| of(point).inverse);
        let shifts = (0..many).flat_map(|point| noise(point).map(move |n| (point, n))).map(|(p, n)| -of(p).width * n);
        let carried = tangents().flat_map(|(point, row)| noise(point).map(move |n| (point, row, n)));
        let carried = carried.map(|(point, row, n)| -of(point).width_rate * rate(row) * n);
        let shape = (many * (1 + directions), columns);
        let scales = tensor(scales.flat_map(|scale| repeat_n(scale, columns)).collect(), shape);
        let shifts = tensor(shifts.chain(carried).collect(), shape);
        let mut points = take_rows(x, &taken.collect::<Vec<_>>()) * scales + shifts;
        if times.rates.iter().any(|rate| *rate != 0.0) {
            let (y, tangent) = unstack(points, many, (many, columns), (directions * many, columns));
            let drift = tangents().map(|(point, row)| -of(point).decay * rate(row));
            let drift =
                tensor(drift.flat_map(|drift| repeat_n(drift, columns)).collect(), (directions * many, columns));
            points = stack(y.clone(), tangent + repeat(y, directions) * drift);
        }
        let found = averaged(energy(points, many), [self.points, primal, directions]);
        let dimensions = columns as Real;
        let ends = (0..primal).map(|b| dimensions * of(b).log_signal);
        let ends = ends.chain((0..directions * primal).map(|row| dimensions * of(row).decay * rate(row)));
        found + tensor(ends.collect(), (primal * (1 + directions), 1))
    }

    /// How points lie at a time.
    fn spread(&self, time: Real, columns: usize) -> Spread {
        let m = self.process.at(f64::from(time));
        // Of s' = (s^2)' / (2 s), which is infinite at 0, where nothing is moved along it.
        let noise_rate = if m.noise > 0.0 { 0.5 * m.variance_rate / m.noise } else { 0.0 };
        let by_signal = |value: f64| (value / m.signal) as Real;
        // Other noise at every time, by a rule: the energy stays a function of x and t.
        let random = Random::new(0).stream("convolution").at(u64::from(time.to_bits()));
        Spread {
            noise: random.normals(self.points * columns),
            inverse: by_signal(1.0),
            width: by_signal(m.noise),
            width_rate: by_signal(noise_rate),
            decay: by_signal(m.signal_rate),
            log_signal: m.signal.ln() as Real,
        }
    }
}

/// `-log mean_k exp(-e_k)` of energies `[K, primal]` in the first rows, and the mean of their tangents `[J, K, primal]` below with
/// the weights `w_k` proportional to `exp(-e_k)`: `[(1+J) * primal, 1]`.
fn averaged(found: Matrix<SharedTape>, [points, primal, directions]: [usize; 3]) -> Matrix<SharedTape> {
    let (energies, slopes) = unstack(found, points * primal, (points, primal), (directions, points, primal));
    let (e, s) = (values(&energies), values(&slopes));
    let at = |k: usize, b: usize| f64::from(e[k * primal + b]);
    let (mut weights, mut means) = (vec![0.0; points * primal], vec![0.0; primal]);
    for b in 0..primal {
        let least = (0..points).map(|k| at(k, b)).fold(f64::INFINITY, f64::min);
        let terms: Vec<f64> = (0..points).map(|k| (least - at(k, b)).exp()).collect();
        let total: f64 = terms.iter().sum();
        means[b] = (least - (total / points as f64).ln()) as Real;
        terms.iter().enumerate().for_each(|(k, term)| weights[k * primal + b] = (term / total) as Real);
    }
    // Of the tangents' mean s, a weight changes by dw_k = -w_k (de_k - sum w de): ds = sum_k w_k ds_k - w_k (s_k - s) de_k.
    let slope = |j: usize, k: usize, b: usize| s[(j * points + k) * primal + b];
    let mean = |j: usize, b: usize| (0..points).map(|k| weights[k * primal + b] * slope(j, k, b)).sum::<Real>();
    let slope_means: Vec<Real> =
        (0..directions).flat_map(|j| (0..primal).map(move |b| (j, b))).map(|(j, b)| mean(j, b)).collect();
    let each = || (0..directions).flat_map(|j| (0..points).flat_map(move |k| (0..primal).map(move |b| (j, k, b))));
    let deviation =
        |(j, k, b): (usize, usize, usize)| -weights[k * primal + b] * (slope(j, k, b) - slope_means[j * primal + b]);
    let of_energies = tensor(each().map(deviation).collect(), (directions, points, primal));
    let of_slopes = tensor(each().map(|(_, k, b)| weights[k * primal + b]).collect(), (directions, points, primal));

    let again = repeat(energies.clone(), directions).reshape_like(&(directions, points, primal));
    let top = (energies * tensor(weights, (points, primal))).sum::<(usize,), Axis<0>>();
    let below = (slopes * of_slopes + again * of_energies).sum::<(usize, usize), Axis<1>>();
    let below = below.reshape_like(&(directions * primal,));
    // What is on the tape has the derivatives of these values.
    let valued = |values: Vec<Real>, taped: PerSample<SharedTape>| {
        let count = values.len();
        column(of_gradient(tensor(values, (count,)), taped))
    };
    stack(valued(means, top), valued(slope_means, below))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mlp::{MlpEnergy, MlpEnergyConfig, TimeConfig};
    use ebm_core::device::DOUBLE_PRECISION;
    use ebm_core::geometry::{Geometry, Runtime};
    use ebm_core::kernels::sum;
    use ebm_core::models::{Energy, TimedEnergy};
    use ebm_core::parameter::collect_gradients;
    use ebm_core::tape::{Parts, backward};

    const G: Runtime = Runtime { latent: 2, data: 2 };

    fn energy(points: usize, confinement: f64, width: usize) -> MlpEnergy<Runtime> {
        let config = MlpEnergyConfig {
            hidden: vec![width],
            confinement,
            time: TimeConfig::Convolution(ConvolutionConfig { points, ..Default::default() }),
            ..Default::default()
        };
        MlpEnergy::new(G, &config, Random::new(3))
    }

    #[test]
    fn at_time_zero_it_is_the_energy_itself() {
        let energy = energy(5, 1.0, 8);
        let x = G.samples(Random::new(1).normals(8));
        let at = |times: &[Real]| values(&energy.forward_at(SharedTape::off().watch(&x), times));
        let plain = values(&energy.forward(SharedTape::off().watch(&x)));
        assert!(at(&[0.0]).iter().zip(&plain).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    #[test]
    fn a_gaussian_stays_the_gaussian_that_the_process_makes_of_it() {
        // Without its network, E = x^2 / 2 per axis is that of N(0, 1), up to D/2 log 2 pi, which VP keeps at every time.
        let mut energy = energy(40_000, 1.0, 1);
        ebm_core::parameter::Module::parameters_mut(&mut energy).into_iter().for_each(|p| p.set(&vec![0.0; p.len()]));
        let x = G.samples(vec![0.0, 0.0, 1.0, -0.5]);
        let found = values(&energy.forward_at(SharedTape::off().watch(&x), &[0.3, 0.3]));
        for (found, truth) in found.iter().zip([0.0, 0.625]) {
            assert!((found - truth).abs() < 0.05, "{found} is not {truth}");
        }
    }

    #[test]
    fn tangents_and_gradients_are_those_of_differences() {
        let (step, tolerance) = if DOUBLE_PRECISION { (1e-5, 1e-6) } else { (1e-2, 2e-2) };
        let energy = energy(6, 0.5, 8);
        let (start, v) = (Random::new(1).normals(6), Random::new(2).normals(12));
        let times = [0.05, 0.3, 0.6];
        let value =
            |moved: &[Real]| values(&energy.forward_at(SharedTape::off().watch(&G.samples(moved.to_vec())), &times));
        let on = SharedTape::inputs_only();
        let x = G.samples(start.clone());
        let (found, slopes) =
            energy.pushforward_at(on.watch(&x), &times, SharedTape::off().watch(&G.samples(v.clone())), &[0.0; 6]);
        assert!(values(&found).iter().zip(value(&start)).all(|(a, b)| (a - b).abs() < 1e-5));
        let slopes = values(&slopes);
        let gradient = values(&backward(sum(found)).of(&x));
        for direction in 0..2 {
            let v = &v[6 * direction..][..6];
            let moved = |by: Real| start.iter().zip(v).map(|(x, v)| x + by * v).collect::<Vec<_>>();
            let (above, below) = (value(&moved(step)), value(&moved(-step)));
            for b in 0..3 {
                let truth = (above[b] - below[b]) / (2.0 * step);
                let by_gradient = gradient[2 * b] * v[2 * b] + gradient[2 * b + 1] * v[2 * b + 1];
                for found in [slopes[3 * direction + b], by_gradient] {
                    assert!((found - truth).abs() < tolerance * truth.abs().max(1.0), "{found} is not {truth}");
                }
            }
        }
    }

    #[test]
    fn a_slope_has_the_gradient_in_the_weights_that_differences_have() {
        let (step, tolerance) = if DOUBLE_PRECISION { (1e-5, 1e-6) } else { (1e-2, 3e-2) };
        let mut energy = energy(6, 0.5, 4);
        let (x, v, times) =
            (G.samples(Random::new(1).normals(6)), G.samples(Random::new(2).normals(6)), [0.05, 0.3, 0.6]);
        let total = |energy: &MlpEnergy<Runtime>, tape: SharedTape| {
            let (_, slopes) = energy.pushforward_at(tape.watch(&x), &times, SharedTape::off().watch(&v), &[0.0; 3]);
            sum(slopes)
        };
        let mut gradients = backward(total(&energy, SharedTape::training(Parts::ENERGY)));
        let found = collect_gradients(&energy, &mut gradients);
        use ebm_core::parameter::Module;
        for (index, found) in found.into_iter().enumerate() {
            let start = energy.parameters()[index].values();
            for place in 0..start.len() {
                let mut at = |by: Real| {
                    let mut moved = start.clone();
                    moved[place] += by;
                    energy.parameters_mut()[index].set(&moved);
                    let total = total(&energy, SharedTape::off());
                    energy.parameters_mut()[index].set(&start);
                    f64::from(values(&total)[0])
                };
                let truth = ((at(step) - at(-step)) / (2.0 * f64::from(step))) as Real;
                assert!(
                    (found[place] - truth).abs() < tolerance * truth.abs().max(1.0),
                    "{index}: {} is not {truth}",
                    found[place]
                );
            }
        }
    }
}
