use ebm_core::bounds::{Guarantee, Measurement};
use ebm_core::{data::column_moments, device::Real};

use super::of_log_z::push;
use super::{Context, Findings, Metric, Reason};
use crate::cholesky::Cholesky;
use crate::features::{Features, Moments, double};

/// Training samples that it is fitted to, at most, and values of them.
const SAMPLES: usize = 10_000;
const VALUES: usize = 1 << 22;
/// The covariance is diagonal in more dimensions, or with fewer than so many different samples a dimension.
const DIMENSIONS: usize = 1024;
const SAMPLES_A_DIMENSION: usize = 4;
/// Variance added along every axis, in units of the mean variance.
const RIDGE: f64 = 1e-6;
/// Products that held-out samples are whitened by, at most.
const PRODUCTS: usize = 1 << 29;
/// A model is called no better than the Gaussian where it is worse by this many nats and standard errors of the difference.
const MARGIN: f64 = 0.01;
const STANDARD_ERRORS: f64 = 4.0;

/// The NLL of a Gaussian with the training data's mean and covariance: what two moments know.
struct Gaussian;

crate::register_metric!(
    Gaussian,
    place: 26,
    needs: [HeldOut],
    values: ["gaussian_nll": Nats, Lower, "gaussian_nll_in_source_units": Nats, Lower],
);

impl Metric for Gaussian {
    fn measure(&self, context: &Context<'_>, found: &mut Findings) -> Result<(), Reason> {
        let width = context.data.width();
        let count = SAMPLES.min(VALUES / width).max(2);
        let training = context.data.draw(count, context.random.stream("gaussian"));
        let different = context.data.len().unwrap_or(count).min(count);
        let whole = width <= DIMENSIONS && different >= SAMPLES_A_DIMENSION * width;
        let fitted = Fit::to(&training, width, whole)?;
        let rows = (PRODUCTS / if whole { width * width } else { width }).max(2);
        let held_out = &context.held_out[..context.held_out.len().min(rows * width)];
        let values = fitted.nlls(held_out);
        let nll = Measurement::of(values.iter().copied(), Guarantee::certified("a normalised density in closed form"));
        let protocol = format!(
            "N(m, S) with the mean and the {} covariance of {count} training samples, at held-out samples: a model that is no better \
             has learned nothing that two moments do not say",
            if whole { "full" } else { "diagonal" }
        );
        push(context, found, ("gaussian_nll", "NLL of a Gaussian fitted to the data"), &nll, &protocol);
        let worse = no_better(context, found, &values);
        found.warnings.extend(worse);
        Ok(())
    }
}

/// Says so if the model's NLL, or a lower bound of it, is above the Gaussian's, whose values `gaussian` are at the first held-out
/// samples.
fn no_better(context: &Context<'_>, found: &Findings, gaussian: &[f64]) -> Option<String> {
    let known = |name: &str| found.values.iter().find(|value| value.name == name && value.value.is_finite());
    let lower = ["weights_nll", "ais_nll"].into_iter().filter_map(known);
    let model = known("nll").or_else(|| lower.max_by(|a, b| a.value.total_cmp(&b.value)))?;
    let energies = context.held_out_energies().iter().map(|energy| f64::from(*energy));
    let all = Measurement::of(energies.clone(), Guarantee::heuristic("a mean"));
    let log_z = model.value - all.value;
    let differences = energies.zip(gaussian).map(|(energy, gaussian)| energy + log_z - gaussian);
    // Sample by sample: what the two have in common cancels.
    let excess = Measurement::of(differences, Guarantee::heuristic("a mean"));
    let error = model.standard_error.unwrap_or(0.0);
    // What the model's value is off by besides the mean of the energies.
    let of_log_z = (error * error - all.standard_error * all.standard_error).max(0.0).sqrt();
    (excess.value > MARGIN + STANDARD_ERRORS * excess.standard_error.hypot(of_log_z)).then(|| {
        format!(
            "the model is worse than a Gaussian fitted to the training data, by {:.3} nats (its {}: {:.3} nats): it has not learned what \
             mean and covariance say",
            excess.value, model.label, model.value
        )
    })
}

/// `N(m, S)`, with a ridge.
struct Fit {
    mean: Vec<f64>,
    covariance: Covariance,
}

enum Covariance {
    Whole(Cholesky),
    /// Standard deviations.
    Diagonal(Vec<f64>),
}

impl Fit {
    fn to(samples: &[Real], width: usize, whole: bool) -> Result<Self, Reason> {
        let (mean, mut covariance) = match whole {
            true => {
                let samples = double(samples);
                let moments = Moments::of(Features::new(&samples, width)?)?;
                (moments.mean().to_vec(), moments.covariance().to_vec())
            }
            false => column_moments(samples, width).into_iter().unzip(),
        };
        // Every axis' variance stands on the diagonal, or the diagonal is all there is.
        let stride = if whole { width + 1 } else { 1 };
        let variance = covariance.iter().step_by(stride).sum::<f64>() / width as f64;
        // The mean of equal values is rounded, too.
        let rounding = 1e-24 * mean.iter().map(|m| m * m).sum::<f64>() / width as f64;
        if !(variance > rounding && variance.is_finite()) {
            return Err("no Gaussian can be fitted to the data: it does not vary".into());
        }
        covariance.iter_mut().step_by(stride).for_each(|v| *v += RIDGE * variance);
        let covariance = match whole {
            true => Covariance::Whole(
                Cholesky::of(&covariance, width)
                    .ok_or("no Gaussian can be fitted to the data: its covariance is singular")?,
            ),
            false => Covariance::Diagonal(covariance.into_iter().map(f64::sqrt).collect()),
        };
        Ok(Self { mean, covariance })
    }

    /// `-log N(x; m, S)` in nats of every row of `[n, D]`.
    fn nlls(&self, rows: &[Real]) -> Vec<f64> {
        let width = self.mean.len();
        let log_volume = match &self.covariance {
            Covariance::Whole(cholesky) => 0.5 * cholesky.log_determinant(),
            Covariance::Diagonal(deviations) => deviations.iter().map(|d| d.ln()).sum(),
        };
        let constant = 0.5 * std::f64::consts::TAU.ln() * width as f64 + log_volume;
        let nll = |row: &[Real]| {
            let away: Vec<f64> = row.iter().zip(&self.mean).map(|(x, m)| f64::from(*x) - m).collect();
            let white = match &self.covariance {
                Covariance::Whole(cholesky) => cholesky.whiten(&away),
                Covariance::Diagonal(deviations) => away.iter().zip(deviations).map(|(a, d)| a / d).collect(),
            };
            constant + 0.5 * white.iter().map(|v| v * v).sum::<f64>()
        };
        rows.chunks_exact(width).map(nll).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::random::Random;

    #[test]
    fn of_gaussian_data_it_is_the_entropy() {
        // x = (2 a, a + 3 b): H = log(2 pi e) + log 6; without the covariance 1/2 log(4 * 10) instead of log 6.
        let rows = |seed: u64| -> Vec<Real> {
            let draws = Random::new(seed).normals(20_000);
            draws.chunks(2).flat_map(|n| [2.0 * n[0], n[0] + 3.0 * n[1]]).collect()
        };
        for (whole, volume) in [(true, 6f64.ln()), (false, 0.5 * 40f64.ln())] {
            let values = Fit::to(&rows(1), 2, whole).unwrap().nlls(&rows(2));
            let found = Measurement::of(values, Guarantee::heuristic("test"));
            let exact = 2.837_877_066 + volume;
            assert!((found.value - exact).abs() < 4.0 * found.standard_error + 1e-3, "{whole}: {found:?} {exact}");
        }
    }

    #[test]
    fn data_that_does_not_vary_is_refused() {
        for whole in [true, false] {
            assert!(Fit::to(&[1.0; 12], 2, whole).is_err());
        }
    }
}
