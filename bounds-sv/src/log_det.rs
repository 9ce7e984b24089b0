//! `1/2 ln det A`, A = I + J'J / sigma^2, for generators with noise: exactly, or bounded by quadrature.

use ebm_core::geometry::TapedLatents;
use ebm_core::jacobian::{axes, jacobian, pullback};
use ebm_core::kernels::columns::concatenate;
use ebm_core::kernels::rows::{repeat, unstack};
use ebm_core::kernels::scale::scale;
use ebm_core::kernels::volume::{Sizes, Volume, volume};
use ebm_core::prelude::*;

use crate::config::SvConfig;
use crate::quadrature::{Krylov, Rules};

/// `1/2 ln det A` at a latent of every sample, in nats.
pub(crate) struct LogDet {
    /// What has the derivative of the mean over the samples. With quadrature its value is another one.
    pub taped: Scalar<SharedTape>,
    /// The values, `[B]`: exact, or never above in expectation over the probes.
    pub values: Vec<f64>,
    /// With quadrature, values that are never below in expectation, `[B]`.
    pub upper: Option<Vec<f64>>,
}

impl LogDet {
    /// The values at `latents` `[B, d]`: from d pushforwards where as many steps of quadrature would take no fewer products, or
    /// none are asked for.
    pub fn new<G: Geometry>(config: &SvConfig, view: &GeneratorView<'_, G>, latents: TapedLatents<G>) -> Self {
        let (d, steps) = (view.geometry().latent_width(), config.lanczos_steps);
        match steps == 0 || d <= 2 * steps {
            true => exact(view, latents),
            false => bounded(config, view, latents),
        }
    }
}

/// `[J; sigma I]` has the Gram matrix `sigma^2 A`.
fn exact<G: Geometry>(view: &GeneratorView<'_, G>, latents: TapedLatents<G>) -> LogDet {
    let g = view.geometry();
    let (batch, d, wide) = (view.batch(), g.latent_width(), g.data_width());
    let axes = axes(batch, g.latent());
    let floor = match view.generator.noise_level() {
        Some(level) => scale(view.tape.watch(&axes), level.tensor(), view.tape.trains(Parts::GENERATOR)),
        None => SharedTape::off().watch(&axes) * view.generator.facts().noise as Real,
    };
    let columns = jacobian(view.generator, latents).columns;
    let stacked = concatenate(repeat(columns, 1), repeat(floor, 1));
    let volumes = volume(stacked, Sizes { batch, d, width: wide + d }, Volume::Gram);
    let scaled = d as f64 * view.generator.facts().noise.ln();
    LogDet {
        values: values(&volumes).into_iter().map(|volume| f64::from(volume) - scaled).collect(),
        taped: mean(volumes) + view.sigma().ln() * -(d as Real),
        upper: None,
    }
}

/// From Krylov spaces of random signs v, since `E_v[v' ln(A) v] = ln det A`.
///
/// The derivative of `ln det A` is `E_v[w' dA v]` with `A w = v`: in expectation that of `E_v[<J v, J w>] / sigma^2` with v and w held
/// fixed. w is the solution in the same space, so that the derivative is right where that has converged.
fn bounded<G: Geometry>(config: &SvConfig, view: &GeneratorView<'_, G>, latents: TapedLatents<G>) -> LogDet {
    let (g, generator, sigma) = (view.geometry(), view.generator, view.generator.facts().noise);
    let (batch, d, probes) = (view.batch(), g.latent_width(), config.probes);
    let (rows, off) = (probes * batch, SharedTape::off());
    let at = g.latents(values(&latents).repeat(probes));
    let signs = view.random.stream("probes").in_blocks(probes).signs(rows * d);
    let forward = |v: &[f64]| {
        let (_, jv) = generator.pushforward(off.watch(&at), off.watch(&g.latents(reals(v))));
        doubles(&values(&jv))
    };
    let adjoint = |u: &[f64]| doubles(&values(&pullback(generator, &at, &g.samples(reals(u)))));
    let krylov = Krylov::new(doubles(&signs), rows, config.lanczos_steps, forward, adjoint);
    let rules: Vec<Rules> = (0..rows).map(|row| krylov.rules(row, sigma)).collect();

    // |v|^2 = d.
    let factor = 0.5 * d as f64 / probes as f64;
    let means = |of: fn(&Rules) -> f64| -> Vec<f64> {
        (0..batch).map(|b| factor * rules.iter().skip(b).step_by(batch).map(of).sum::<f64>()).collect()
    };
    let taped = if view.tape.is_recording() {
        let length = (d as f64).sqrt();
        let solutions = rules.iter().flat_map(|rules| &rules.solution).map(|w| (length * w) as Real);
        let directions = g.latents(signs.iter().copied().chain(solutions).collect());
        let (_, images) = generator.pushforward(latents, off.watch(&directions));
        let (jv, jw) = unstack(repeat(images, 1), rows, (rows, g.data()), (rows, g.data()));
        mean(row_dot(jv, jw)) * 0.5 * view.sigma().square().recip()
    } else {
        view.tape.constant(0.0)
    };
    LogDet { taped, values: means(|rules| rules.lower), upper: Some(means(|rules| rules.upper)) }
}

fn reals(values: &[f64]) -> Vec<Real> {
    values.iter().map(|v| *v as Real).collect()
}

fn doubles(values: &[Real]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}
