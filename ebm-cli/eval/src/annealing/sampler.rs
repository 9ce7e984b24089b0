//! The negative log-likelihood of the annealed sampler itself (Burda, Grosse and Salakhutdinov, AISTATS 2015).

use ebm_core::{data::Dataset, device::Real, geometry::Geometry, models::Energy, random::Random};
use ebm_train::{Cancel, Cancelled};

use super::path::Annealing;
use super::{AnnealingConfig, AnnealingError, Base, FITTED, GaussianStart, LogMean};

/// Chains from each point, whose densities are averaged.
pub(crate) const CHAINS_A_POINT: usize = 4;

/// `-log phat(x)` in nats of `points` `[n, D]`, whose mean is at least the negative log-likelihood of the annealed sampler in
/// expectation; infinite where a point has an infinite energy.
///
/// The sampler draws `x_0` from a Gaussian fitted to the data and takes it through one reversible transition at each temperature:
/// a normalised model, whatever the energy. From a point `x = x_T` the transitions are run backwards, and by detailed balance
///
/// ```text
/// phat(x) = q_0(x_0) prod_t f_t(x_t) / f_t(x_(t-1)),     E[phat(x)] = p_ann(x)
/// ```
///
/// # Errors
/// If no Gaussian can be fitted to the data, or it was cancelled.
pub(crate) fn sampler_nlls<G: Geometry>(
    energy: &dyn Energy<G>,
    data: &dyn Dataset,
    points: &[Real],
    config: &AnnealingConfig,
    random: Random,
    cancel: &Cancel,
) -> Result<Vec<f64>, AnnealingError> {
    let base = Base::fit(&data.draw(FITTED, random.stream("fit")), data.width())?;
    Ok(nlls_of(&GaussianStart { energy, base: &base }, points, config, random, cancel)?)
}

fn nlls_of<G: Geometry>(
    start: &GaussianStart<'_, G>,
    points: &[Real],
    config: &AnnealingConfig,
    random: Random,
    cancel: &Cancel,
) -> Result<Vec<f64>, Cancelled> {
    let annealing = Annealing::new(start, config, random, cancel)?;
    let rows = start.base.to_base(points);
    let rows = rows.chunks_exact(start.base.width());
    let repeated = rows.flat_map(|row| std::iter::repeat_n(row, CHAINS_A_POINT).flatten().copied()).collect();
    let densities = annealing.log_densities(repeated, random.stream("sampler"))?;
    Ok(densities.chunks_exact(CHAINS_A_POINT).map(|chains| -LogMean::of(chains).value).collect())
}

impl Annealing<'_> {
    /// `log phat` `[n]` of ends `[n, width]` of the sampler, over x, each by one chain back to the start.
    fn log_densities(&self, ends: Vec<Real>, random: Random) -> Result<Vec<f64>, Cancelled> {
        let width = self.proposal.width();
        let mut state = self.state(ends);
        let mut densities = vec![0.0; state.points.len() / width];
        for k in (1..self.temperatures.len()).rev() {
            let b = self.temperatures[k];
            densities.iter_mut().zip(state.potential(b)).for_each(|(density, after)| *density -= after);
            self.advance(&mut state, k, random.at(k as u64))?;
            densities.iter_mut().zip(state.potential(b)).for_each(|(density, before)| *density += before);
        }
        let volume = 0.5 * std::f64::consts::TAU.ln() * width as f64 + self.proposal.log_volume();
        let finish = |(density, square): (f64, f64)| match density - square - volume {
            density if density.is_nan() => f64::NEG_INFINITY,
            density => density,
        };
        Ok(densities.into_iter().zip(state.gaussian()).map(finish).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::Mean;
    use ebm_core::geometry::Runtime;
    use ebm_core::models::closed_form::QuadraticEnergy;

    const LINE: Runtime = Runtime { latent: 1, data: 1 };

    fn config(temperatures: usize) -> AnnealingConfig {
        AnnealingConfig { chains: 60, temperatures, ..Default::default() }
    }

    /// N(1, deviation^2), with exact samples and the negative log-likelihood of each.
    fn model(deviation: f64) -> (QuadraticEnergy<Runtime>, Vec<Real>, Vec<f64>) {
        let energy = QuadraticEnergy::new(LINE, &[1.0 / (deviation * deviation)], &[1.0]);
        let normals = Random::new(5).normals(400);
        let points = normals.iter().map(|n| (1.0 + deviation * f64::from(*n)) as Real).collect();
        let constant = (deviation * std::f64::consts::TAU.sqrt()).ln();
        let exact = normals.iter().map(|n| constant + 0.5 * f64::from(*n).powi(2)).collect();
        (energy, points, exact)
    }

    #[test]
    fn a_sampler_that_starts_at_the_model_has_its_likelihood_whatever_the_transitions_do() {
        let base = Base::fit(&Random::new(1).normals(100), 1).unwrap();
        let [low, high] = [0.0, 1.0].map(|y| f64::from(base.to_data(&[y])[0]));
        let energy = QuadraticEnergy::new(LINE, &[(high - low).powi(-2)], &[low]);
        let points = Random::new(2).normals(20);
        let found = nlls_of(
            &GaussianStart { energy: &energy, base: &base },
            &points,
            &config(5),
            Random::new(3),
            &Cancel::default(),
        )
        .unwrap();
        for (found, x) in found.iter().zip(&points) {
            let square = ((f64::from(*x) - low) / (high - low)).powi(2);
            let exact = 0.5 * (square + std::f64::consts::TAU.ln()) + (high - low).ln();
            assert!((found - exact).abs() < 1e-3, "{found} {exact}");
        }
    }

    #[test]
    fn it_is_above_the_likelihood_of_the_model_and_comes_down_to_it_with_the_transitions() {
        let (energy, points, exact) = model(0.3);
        // Twice as wide as the model, and elsewhere.
        let elsewhere: Vec<Real> = points.iter().map(|x| 2.0 * x).collect();
        let base = Base::fit(&elsewhere, 1).unwrap();
        let excess = |temperatures| {
            let start = GaussianStart { energy: &energy, base: &base };
            let found = nlls_of(&start, &points, &config(temperatures), Random::new(3), &Cancel::default()).unwrap();
            Mean::of(found.iter().zip(&exact).map(|(found, exact)| found - exact))
        };
        let (few, many) = (excess(4), excess(150));
        // KL(model || sampler) >= 0.
        assert!(few.value > 4.0 * few.standard_error, "{few:?}");
        assert!(many.value > -4.0 * many.standard_error, "{many:?}");
        assert!(many.value < 0.5 * few.value && many.value < 0.2, "{few:?} {many:?}");
    }

    #[test]
    fn a_point_without_a_density_has_none_in_the_sampler() {
        let energy = QuadraticEnergy::new(LINE, &[1.0], &[0.0]);
        let base = Base::fit(&Random::new(1).normals(100), 1).unwrap();
        let start = GaussianStart { energy: &energy, base: &base };
        let found = nlls_of(&start, &[0.5, Real::INFINITY], &config(4), Random::new(1), &Cancel::default()).unwrap();
        assert!(found[0].is_finite() && found[1] == f64::INFINITY, "{found:?}");
    }
}
