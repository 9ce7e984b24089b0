//! The residual of the energy's gradient against that of the generator's log-density.

use ebm_core::jacobian::{
    Columns, IterativeOptions, jacobian, lift, log_norm_pushforward, log_smallest, log_volume, smallest_pairs,
};
use ebm_core::kernels::directions::{RowNorm, norms, project, weighted_sums};
use ebm_core::prelude::*;

use crate::config::{Norm, Volume};

/// Relative residual below which the iterative solver has converged, as in `sv`.
const TOLERANCE: f64 = 1e-4;

/// The quantities that every form of the penalty is computed from.
pub(crate) struct Ingredients<G: Geometry> {
    /// `b = -grad_z log p_g(G(z)) = z + grad_z volume`, `[B, d]`.
    pub score: Latents<G>,
    pub pushed: Pushed<G>,
}

/// The images of latent directions under the Jacobian.
pub(crate) enum Pushed<G: Geometry> {
    /// All of J: its columns, `[d B, D]`.
    Whole(Columns<G>),
    /// Random directions.
    Random(Projections<G>),
}

/// Directions `v` `[projections B, d]`, the first of every sample first, and `J v` `[projections B, D]`.
pub(crate) struct Projections<G: Geometry> {
    draws: Latents<G>,
    images: Samples<G>,
}

/// Sizes of the residual and energies of the samples, `[B]` each, on the energy's tape.
pub(crate) type PerSampleLosses = (PerSample<SharedTape>, PerSample<SharedTape>);

/// A size of residual a sample, `[B]`, and its derivative in the energy's gradient, `[B, D]`.
pub(crate) type Sizes<G> = (PerSample, Samples<G>);

impl<G: Geometry> Ingredients<G> {
    /// `projections`: random directions a sample, or 0 for all of J.
    pub fn of(view: &EnergyView<'_, G>, volume: Volume, projections: usize) -> Self {
        let geometry = view.generator.geometry();
        // A piecewise linear generator has a volume that does not change with z, almost everywhere.
        let moves = volume != Volume::None && !view.generator.facts().piecewise_linear;
        let iterates = matches!(volume, Volume::Iterative { .. });
        let whole = projections == 0 || (moves && !iterates);
        let tape = if moves { SharedTape::inputs_only() } else { SharedTape::off() };
        let columns = whole.then(|| jacobian(view.generator, tape.watch(view.latents)));
        if let Some(columns) = &columns {
            view.share_generated(detach(columns.samples.clone()));
        }
        let d = geometry.latent_width() as Real;
        let term = match (volume, &columns) {
            _ if !moves => None,
            (Volume::Iterative { steps }, _) => Some((log_found(view, steps), d)),
            (Volume::LogDet, Some(columns)) => Some((log_volume(columns), 1.0)),
            (_, columns) => columns.as_ref().map(|columns| (log_smallest(columns), d)),
        };
        let score = match term {
            Some((term, factor)) => view.latents.clone() + backward(sum(term)).of(view.latents) * factor,
            None => view.latents.clone(),
        };
        let pushed = match columns {
            Some(columns) if projections == 0 => Pushed::Whole(columns),
            columns => {
                let shape = (view.batch() * projections, geometry.latent());
                let place = view.random.stream("projections");
                let draws = place.in_blocks(projections).normal_tensor(shape);
                let images = push(view, columns.as_ref(), &draws);
                Pushed::Random(Projections { draws, images })
            }
        };
        Self { score, pushed }
    }

    /// `(1/2 (grad E . J v - v . b)^2, E(x))`, `[B]` each, on the energy's tape, for one random direction a sample.
    ///
    /// The slope of the energy along J v is a pushforward, so the whole gradient is never needed.
    pub fn along(&self, view: &EnergyView<'_, G>, Projections { draws, images }: &Projections<G>) -> PerSampleLosses {
        let off = SharedTape::off();
        let offsets = detach(row_dot(off.watch(draws), off.watch(&self.score)));
        let x = view.tape.watch(view.generated());
        let (energies, slopes) = view.energy.pushforward(x, off.watch(images));
        ((slopes - offsets).square() * 0.5, energies)
    }

    /// Random projections: `a = grad E . J v - v . b`, sizes the mean of `a^2 / 2`.
    pub fn projected(&self, gradient: &Samples<G>, Projections { draws, images }: &Projections<G>) -> Sizes<G> {
        let count = rows(images) / rows(gradient).max(1);
        let share = 1.0 / count as Real;
        let a: Matrix = project(images, gradient, count) - project(draws, &self.score, count);
        let (sizes, slopes) = norms(&a, RowNorm::HalfSquare);
        (sizes * share, weighted_sums(images, &(slopes * share)))
    }

    /// The whole residual in latent space, `r = J^T grad E - b`.
    pub fn latent(&self, gradient: &Samples<G>, jacobian: &Columns<G>, norm: Norm) -> Sizes<G> {
        let columns = detach(jacobian.columns.clone());
        let residual = project(&columns, gradient, axis(&self.score)) - self.score.clone();
        let (sizes, slopes) = norms(&residual, norm.into());
        (sizes, weighted_sums(&columns, &slopes))
    }

    /// The whole residual in data space, `r = grad E - J (J^T J)^-1 b`.
    pub fn data(&self, gradient: Samples<G>, jacobian: &Columns<G>, norm: Norm) -> Sizes<G> {
        norms(&(gradient - lift(jacobian, &self.score)), norm.into())
    }
}

impl From<Norm> for RowNorm {
    fn from(norm: Norm) -> Self {
        match norm {
            Norm::Squared => Self::HalfSquare,
            Norm::Euclidean => Self::Euclidean,
            Norm::P(p) => Self::P(p as Real),
        }
    }
}

/// `J v` for every row of `draws`: from J if it is known, else by a pushforward.
fn push<G: Geometry>(view: &EnergyView<'_, G>, jacobian: Option<&Columns<G>>, draws: &Latents<G>) -> Samples<G> {
    if let Some(jacobian) = jacobian {
        return weighted_sums(&detach(jacobian.columns.clone()), draws);
    }
    let off = SharedTape::off();
    let (samples, images) = view.generator.pushforward(off.watch(view.latents), off.watch(draws));
    view.share_generated(detach(samples));
    detach(images)
}

/// `log s_1` at the vectors that the iterative solver finds, on a tape for the latents.
fn log_found<G: Geometry>(view: &EnergyView<'_, G>, steps: usize) -> PerSample<SharedTape> {
    let start = view.random.stream("volume");
    let start = start.normal_tensor((view.batch(), view.generator.geometry().latent()));
    let options = IterativeOptions { steps, tolerance: TOLERANCE };
    let found = smallest_pairs(view.generator, view.latents, &start, options);
    let watched = SharedTape::inputs_only().watch(view.latents);
    log_norm_pushforward(view.generator, watched, &found.vectors)
}
