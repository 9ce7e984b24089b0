use ebm_core::device::{DOUBLE_PRECISION, Real, values};
use ebm_core::diffusion::{Process, Ve};
use ebm_core::geometry::{Geometry, Runtime, Samples};
use ebm_core::kernels::sum;
use ebm_core::models::closed_form::DiffusedGaussian;
use ebm_core::models::{Energy, TimedEnergy, energy_gradient, timed_curvature, timed_energy_gradient};
use ebm_core::parameter::Module;
use ebm_core::random::Random;
use ebm_core::registry::{Dimensions, EnergySpec};
use ebm_core::tape::{Parts, SharedTape, backward};

use super::{MixtureEnergy, MixtureEnergyConfig};

fn axes(width: usize) -> Runtime {
    Runtime { latent: width, data: width }
}

fn processes() -> [Process; 2] {
    [Process::default(), Process::Ve(Ve::default())]
}

/// A mixture whose components differ in everything, none of them narrow.
fn random(width: usize, process: Process, seed: u64) -> MixtureEnergy<Runtime> {
    let config = MixtureEnergyConfig { components: 5, min_scale: 0.3, process, ..Default::default() };
    let mut energy = MixtureEnergy::new(axes(width), &config, Random::new(seed));
    for (step, parameter) in (0u64..).zip(energy.parameters_mut()) {
        let noise = Random::new(seed).stream("moved").at(step).normals(parameter.len());
        let moved: Vec<Real> = parameter.values().iter().zip(noise).map(|(v, n)| v + 0.4 * n).collect();
        parameter.set(&moved);
    }
    energy
}

fn points(width: usize, count: usize, seed: u64) -> Samples<Runtime> {
    axes(width).samples(Random::new(seed).stream("points").normals(count * width))
}

fn near(found: f64, truth: f64, tolerance: f64) {
    assert!((found - truth).abs() < tolerance * (1.0 + truth.abs()), "{found} is not {truth}");
}

#[test]
fn exp_of_minus_e_integrates_to_one() {
    // Midpoints on a grid far beyond the components, and much finer than they are wide: the rule converges exponentially.
    for seed in 0..3 {
        for width in [1, 2] {
            let (side, half) = (400usize, 12.0);
            let step = 2.0 * half / side as f64;
            let at = |i: usize| (-half + (i as f64 + 0.5) * step) as Real;
            let row = |n: usize| (0..width).map(move |axis| at(n / side.pow(axis as u32) % side));
            let grid = axes(width).samples((0..side.pow(width as u32)).flat_map(row).collect());
            let energies = values(&random(width, Process::default(), seed).forward(SharedTape::off().watch(&grid)));
            let mass: f64 = energies.iter().map(|e| (-f64::from(*e)).exp()).sum();
            near(mass * step.powi(width as i32), 1.0, 2e-5);
        }
    }
}

#[test]
fn one_component_is_the_gaussian_of_the_closed_form() {
    // N(m, diag(0.3^2 + e^(2 l))) carried along either process; the closed form lacks log Z(t).
    for process in processes() {
        let config = MixtureEnergyConfig { components: 1, min_scale: 0.3, process, ..Default::default() };
        let energy = MixtureEnergy::new(axes(2), &config, Random::new(3));
        let mean: Vec<f64> = energy.parameters()[1].values().into_iter().map(f64::from).collect();
        // One component starts as wide as the means: with a standard deviation of 1 above the floor.
        let precision = 1.0 / 1.09;
        let gaussian = DiffusedGaussian::new(axes(2), process, &[precision, 0.0, 0.0, precision], &mean).unwrap();
        let (x, v) = (points(2, 4, 1), points(2, 8, 2));
        let times: [Real; 4] = [0.0, 0.1, 0.5, 1.0];
        let rates: [Real; 8] = [0.0, 1.0, -0.5, 0.25, 1.0, 0.0, 2.0, 1.0];
        let off = SharedTape::off();
        let (ours, slopes) = energy.pushforward_at(off.watch(&x), &times, off.watch(&v), &rates);
        let (theirs, their_slopes) = gaussian.pushforward_at(off.watch(&x), &times, off.watch(&v), &rates);
        let log_z = |t: Real| {
            let moment = process.at(f64::from(t));
            (std::f64::consts::TAU * (moment.signal.powi(2) * 1.09 + moment.noise.powi(2))).ln()
        };
        let log_z_rate = |t: Real| {
            let moment = process.at(f64::from(t));
            let rate = 2.0 * moment.signal * moment.signal_rate * 1.09 + moment.variance_rate;
            rate / (moment.signal.powi(2) * 1.09 + moment.noise.powi(2))
        };
        for (b, (ours, theirs)) in values(&ours).into_iter().zip(values(&theirs)).enumerate() {
            near(f64::from(ours), f64::from(theirs) + log_z(times[b]), 1e-5);
        }
        for (j, (ours, theirs)) in values(&slopes).into_iter().zip(values(&their_slopes)).enumerate() {
            near(f64::from(ours), f64::from(theirs) + f64::from(rates[j]) * log_z_rate(times[j % 4]), 1e-4);
        }
        let known = energy.fokker_planck().unwrap();
        assert_eq!((known.process, known.end_log_partition), (process, 0.0));
    }
}

#[test]
fn the_density_solves_the_fokker_planck_equation() {
    // log p = -E exactly: d_t log p = g^2/2 (lap log p + |grad log p|^2) - c x . grad log p - D c.
    for process in processes() {
        for width in [1, 3] {
            for seed in 0..4 {
                let energy = random(width, process, seed);
                let x = points(width, 3, seed + 10);
                let times = [0.02, 0.3 + 0.1 * seed as Real, 0.9];
                let off = SharedTape::off();
                let still = axes(width).samples(vec![0.0; 3 * width]);
                let (_, rates) = energy.pushforward_at(off.watch(&x), &times, off.watch(&still), &[1.0; 3]);
                let gradient = values(&timed_energy_gradient(&energy, &x, &times).1);
                let mut directions: Vec<Real> = Vec::new();
                for axis in 0..width {
                    let unit = (0..width).map(|i| if i == axis { 1.0 } else { 0.0 });
                    (0..3).for_each(|_| directions.extend(unit.clone()));
                }
                let curvature = timed_curvature(&energy, &x, &times, &directions);
                let (x, rates) = (values(&x), values(&rates));
                for b in 0..3 {
                    let moment = process.at(f64::from(times[b]));
                    let own =
                        |all: &[Real]| all[b * width..][..width].iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
                    let (x, gradient) = (own(&x), own(&gradient));
                    let square: f64 = gradient.iter().map(|g| g * g).sum();
                    let along: f64 = gradient.iter().zip(&x).map(|(g, x)| g * x).sum();
                    let laplacian: f64 = (0..width).map(|axis| f64::from(curvature[axis * 3 + b])).sum();
                    let left = -f64::from(rates[b]);
                    let right = 0.5 * moment.diffusion * (square - laplacian) + moment.drift * (along - width as f64);
                    let size = 0.5 * moment.diffusion * (square + laplacian.abs()) + moment.drift.abs() * width as f64;
                    assert!((left - right).abs() < 1e-4 * (1.0 + size), "{process:?} {b}: {left} {right}");
                }
            }
        }
    }
}

#[test]
fn gradients_in_x_and_in_the_arrays_are_those_of_differences() {
    let step: Real = if DOUBLE_PRECISION { 1e-5 } else { 5e-3 };
    let x = points(2, 3, 7);
    let v = points(2, 6, 8);
    let times: [Real; 3] = [0.0, 0.2, 0.7];
    let rates: [Real; 6] = [0.5, 0.0, -1.0, 0.25, 1.0, 0.0];
    let value = |energy: &MixtureEnergy<Runtime>, tape: SharedTape, x: &Samples<Runtime>| {
        let (e, slopes) = energy.pushforward_at(tape.watch(x), &times, SharedTape::off().watch(&v), &rates);
        sum(e) + sum(slopes) * 0.5
    };
    let mut energy = random(2, Process::default(), 1);
    let mut gradients = backward(value(&energy, SharedTape::training(Parts::ENERGY), &x));
    let at = |energy: &MixtureEnergy<Runtime>, x: &Samples<Runtime>| {
        f64::from(values(&value(energy, SharedTape::off(), x))[0])
    };
    let in_x = values(&gradients.of(&x));
    let in_arrays: Vec<Vec<Real>> = energy.parameters().iter().map(|p| values(&gradients.of(p.tensor()))).collect();
    let difference = |above: f64, below: f64| (above - below) / (2.0 * f64::from(step));
    for i in 0..in_x.len() {
        let moved = |by: Real| {
            let mut moved = values(&x);
            moved[i] += by;
            axes(2).samples(moved)
        };
        near(f64::from(in_x[i]), difference(at(&energy, &moved(step)), at(&energy, &moved(-step))), 2e-2);
    }
    for (array, ours) in in_arrays.iter().enumerate() {
        let start = energy.parameters()[array].values();
        for i in 0..start.len() {
            let mut moved = |by: Real| {
                let mut moved = start.clone();
                moved[i] += by;
                energy.parameters_mut()[array].set(&moved);
                at(&energy, &x)
            };
            let truth = difference(moved(step), moved(-step));
            near(f64::from(ours[i]), truth, 2e-2);
        }
        energy.parameters_mut()[array].set(&start);
    }
}

#[test]
fn energies_at_time_zero_are_the_energy() {
    let energy = random(3, Process::Ve(Ve::default()), 2);
    let x = points(3, 5, 4);
    let at_zero = timed_energy_gradient(&energy, &x, &[0.0; 5]);
    let plain = energy_gradient(&energy, &x);
    assert_eq!((values(&at_zero.0), values(&at_zero.1)), (values(&plain.0), values(&plain.1)));
    assert_eq!(energy.facts().log_partition, Some(0.0));
    assert!(energy.facts().normalisable && energy.timed().is_some());
}

#[test]
fn the_size_has_as_many_parameters_as_the_energy() {
    let config = MixtureEnergyConfig { components: 7, ..Default::default() };
    let size = config.size(Dimensions { latent: 1, data: 3, batch: 5 }).unwrap();
    let energy = MixtureEnergy::new(axes(3), &config, Random::new(1));
    assert_eq!((size.parameters.numbers, size.pass.numbers), (energy.parameter_count() as f64, 50.0));
}

#[test]
fn unusable_options_are_refused_by_key() {
    let key = |config: MixtureEnergyConfig| config.check().unwrap_err().key;
    let base = MixtureEnergyConfig::default;
    assert!(base().check().is_ok());
    assert_eq!(key(MixtureEnergyConfig { components: 0, ..base() }), "components");
    assert_eq!(key(MixtureEnergyConfig { init_scale: -1.0, ..base() }), "init_scale");
    assert_eq!(key(MixtureEnergyConfig { min_scale: 0.0, ..base() }), "min_scale");
    assert_eq!(key(MixtureEnergyConfig { min_scale: f64::NAN, ..base() }), "min_scale");
    let process = Process::Ve(Ve { sigma_min: 1.0, sigma_max: 0.5 });
    assert_eq!(key(MixtureEnergyConfig { process, ..base() }), "process.ve");
}
