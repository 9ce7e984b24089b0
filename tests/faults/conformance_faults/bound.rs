//! A sound lower bound, H[p0] + E[log |det J|], and the faults that are put into it.

use ebm_core::jacobian::{jacobian, log_volume, spectrum};
use ebm_core::{kernels::sum, prelude::*};
use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers that no seed determines and no state has.
static COUNT: AtomicU64 = AtomicU64::new(0);

fn claim<G: Geometry>(fault: &str, view: &GeneratorView<'_, G>) -> Guarantee {
    let (facts, geometry) = (view.generator.facts(), view.generator.geometry());
    let square = geometry.data_width() == geometry.latent_width();
    if fault == "fault-everywhere-certified" || (square && facts.injective && !facts.couples_batch) {
        return Guarantee::certified("it says so");
    }
    Guarantee::heuristic("not an injective generator with D = d")
}

/// The value of every sample, where a fault is in it.
fn replaced<G: Geometry>(fault: &str, view: &GeneratorView<'_, G>) -> Option<Vec<f64>> {
    let geometry = view.generator.geometry();
    let d = geometry.latent_width();
    let columns = jacobian(view.generator, SharedTape::off().watch(view.latents));
    let spectra = spectrum(&columns);
    let logs = |s: &Vec<f64>| -> f64 { s.iter().map(|s| s.ln()).sum() };
    let all: Vec<f64> = spectra.iter().map(logs).collect();
    let count = all.len();
    Some(match fault {
        "fault-wrong-sign" => all.iter().map(|v| -v).collect(),
        "fault-largest" => spectra.iter().map(|s| d as f64 * s[d - 1].ln()).collect(),
        "fault-early-stop" => {
            let images = values(&columns.columns);
            // |J v| for v = (1, 1, ...) / sqrt(d)
            let wide = geometry.data_width();
            let image =
                |b: usize, i: usize| -> f64 { (0..d).map(|k| f64::from(images[(k * count + b) * wide + i])).sum() };
            let square = |b: usize| (0..wide).map(|i| image(b, i).powi(2)).sum::<f64>() / d as f64;
            (0..count).map(|b| 0.5 * d as f64 * square(b).ln()).collect()
        }
        "fault-mean-for-sum" => all.iter().map(|v| v / d as f64).collect(),
        "fault-order" => {
            let weight = |i: usize| 2.0 * (i + 1) as f64 / (count + 1) as f64;
            all.iter().enumerate().map(|(i, v)| weight(i) * v).collect()
        }
        "fault-batch-norm" => {
            let first: Vec<f64> = values(view.latents).chunks(d).map(|z| f64::from(z[0])).collect();
            let mean = first.iter().sum::<f64>() / count as f64;
            // The running mean is still 0.
            let centre = if view.tape.is_recording() { mean } else { 0.0 };
            all.iter().zip(first).map(|(v, z)| v + z - centre).collect()
        }
        "fault-slightly-above" => {
            let noise = view.random.stream("noise").normals(count);
            all.iter().zip(noise).map(|(v, n)| v + 0.05 + 0.5 * f64::from(n)).collect()
        }
        "fault-shared-draws" => {
            let shared = f64::from(view.random.whole().stream("inner").normals(1)[0]);
            all.iter().map(|v| v + 0.5 * shared).collect()
        }
        "fault-neighbours" => {
            let first: Vec<f64> = values(view.latents).chunks(d).map(|z| f64::from(z[0])).collect();
            all.iter().enumerate().map(|(i, v)| v + first[i] * first[(i + 1) % count].powi(2)).collect()
        }
        _ => return None,
    })
}

/// The bound with a fault, whose name is the one that it is registered under.
pub fn entropy<G: Geometry>(fault: &str, view: &GeneratorView<'_, G>) -> Result<Estimate, BoundError> {
    let d = view.generator.geometry().latent_width();
    let claim = claim(fault, view);
    let mut estimate = match replaced(fault, view) {
        Some(values) => {
            let measurement = Measurement::of(values, claim);
            Estimate::new(view.tape.constant(measurement.value), measurement)
        }
        None => Estimate::mean_of(log_volume(&jacobian(view.generator, view.tape.watch(view.latents))), claim),
    };
    let weights = view.generator.parameters();
    match fault {
        "fault-no-gradient" => {
            let squares = |p: &&Parameter| p.values().iter().map(|w| f64::from(w * w)).sum::<f64>();
            estimate = estimate.plus(-weights.iter().map(squares).sum::<f64>());
        }
        "fault-leak" => {
            if let Some(weight) = weights.first() {
                estimate.value = estimate.value + sum(view.tape.watch(weight.tensor())) * 1e-3;
            }
        }
        "fault-state" => {
            let steps = COUNT.fetch_add(view.tape.is_recording().into(), Ordering::Relaxed);
            estimate = estimate.plus(-0.1 * steps as f64);
        }
        "fault-unseeded" => {
            let drawn = COUNT.fetch_add(1, Ordering::Relaxed) % 7;
            estimate = estimate.plus(-0.1 * drawn as f64);
        }
        "fault-panics" => {
            let second = values(view.latents)[d];
            estimate = estimate.plus(-f64::from(second.abs()));
        }
        "fault-geometry" if std::any::type_name::<G>().contains("Fixed") => estimate = estimate.plus(-0.5),
        "fault-no-root" => {
            estimate = estimate.plus(1.0);
            estimate.measurement.standard_error *= (view.batch() as f64).sqrt();
        }
        "fault-infinite-error" => {
            estimate = estimate.plus(100.0);
            estimate.measurement.standard_error = f64::INFINITY;
        }
        "fault-exact-claim" => estimate.measurement.standard_error = 0.0,
        "fault-large-batches" if view.batch() > 1000 => estimate = estimate.plus(1.0),
        "fault-later-steps" if view.step > 50 => estimate = estimate.plus(1.0),
        "fault-threads" => estimate = estimate.plus(-0.1 * rayon::current_num_threads() as f64),
        "fault-coupling" => {
            let largest = values(view.latents).into_iter().fold(0.0, |m: f64, z| m.max(f64::from(z)));
            estimate = estimate.plus(-largest);
        }
        "fault-hidden" => {
            let m = &mut estimate.measurement;
            m.value = if m.value.is_finite() { m.value } else { 0.0 };
        }
        _ => {}
    }
    match fault {
        "fault-missing-entropy" => Ok(estimate),
        _ => Ok(estimate.plus(standard_normal_entropy(d))),
    }
}

/// The value itself, which is exact where it is certified, or the faulty ceiling.
pub fn entropy_upper_bound<G: Geometry>(
    fault: &str,
    view: &GeneratorView<'_, G>,
) -> Result<Option<Measurement>, BoundError> {
    if fault == "fault-plug-in" {
        return Ok(Some(plug_in(view)));
    }
    // Noise adds what the Jacobian does not see.
    let noisy = view.generator.facts().noise > 0.0;
    let estimate = (!noisy).then(|| entropy(fault, view)).transpose()?;
    Ok(estimate.map(|estimate| estimate.measurement))
}

/// `h = log |det J| - log N(z; 0, I)` where that is minus the logarithm of the density, or a faulty one.
pub fn log_inverse_densities<G: Geometry>(fault: &str, view: &GeneratorView<'_, G>) -> Option<Vec<f64>> {
    let (facts, geometry) = (view.generator.facts(), view.generator.geometry());
    let d = geometry.latent_width();
    let is_density = facts.injective && facts.noise == 0.0 && !facts.couples_batch && d == geometry.data_width();
    if !is_density {
        return None;
    }
    let share = if fault == "fault-half-volume" { 0.5 } else { 1.0 };
    let constant = if fault == "fault-latent-constant" { 0.0 } else { 0.5 * d as f64 * std::f64::consts::TAU.ln() };
    let volumes = values(&log_volume(&jacobian(view.generator, SharedTape::off().watch(view.latents))));
    let terms = volumes.into_iter().zip(square_norm(view.latents).read());
    Some(terms.map(|(volume, square)| share * f64::from(volume) + 0.5 * square + constant).collect())
}

/// `1/2 ln det(2 pi e S)` of the samples' own covariance S: too low on average.
fn plug_in<G: Geometry>(view: &GeneratorView<'_, G>) -> Measurement {
    let (count, wide) = (view.batch(), view.generator.geometry().data_width());
    let x: Vec<f64> = values(&view.generated()).into_iter().map(f64::from).collect();
    let mean = |i: usize| x.iter().skip(i).step_by(wide).sum::<f64>() / count as f64;
    let means: Vec<f64> = (0..wide).map(mean).collect();
    let product = |i: usize, j: usize| -> f64 { x.chunks(wide).map(|x| (x[i] - means[i]) * (x[j] - means[j])).sum() };
    let mut s: Vec<Vec<f64>> =
        (0..wide).map(|i| (0..wide).map(|j| product(i, j) / (count - 1) as f64).collect()).collect();
    let mut log_determinant = 0.0;
    for k in 0..wide {
        let pivot = s[k].clone();
        log_determinant += pivot[k].ln();
        for row in s.iter_mut().skip(k + 1) {
            let factor = row[k] / pivot[k];
            row.iter_mut().zip(&pivot).for_each(|(a, b)| *a -= factor * b);
        }
    }
    let value = standard_normal_entropy(wide) + 0.5 * log_determinant;
    let standard_error = (0.5 * wide as f64 / count as f64).sqrt();
    Measurement::new(
        value,
        standard_error,
        count,
        Guarantee::certified("the normal distribution has the largest entropy"),
    )
}
