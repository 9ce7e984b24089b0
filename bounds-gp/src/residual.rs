//! The residual of the energy's gradient against that of the generator's log-density.

use ebm_core::jacobian::{
    Columns, IterativeOptions, jacobian, lift, log_norm_pushforward, log_smallest, log_volume, smallest_pairs,
};
use ebm_core::kernels::directions::{RowNorm, norms, project, weighted_sums};
use ebm_core::prelude::*;

use crate::config::{Form, Norm, Volume};
use crate::score::multi_sample;

/// Relative residual below which the iterative solver has converged, as in `sv`.
const TOLERANCE: f64 = 1e-4;

/// The quantities that every form of the penalty is computed from.
pub(crate) struct Ingredients<G: Geometry> {
    term: GeneratorTerm<G>,
    pub pushed: Pushed<G>,
}

/// What the energy's gradient is compared with.
enum GeneratorTerm<G: Geometry> {
    /// `b = -grad_z log p_g(G(z)) = z + grad_z volume`, `[B, d]`.
    Latent(Latents<G>),
    /// `grad_x log p_g(x)` of the samples with their noise, `[B, D]`.
    Data(Samples<G>),
}

/// The images of latent directions under the Jacobian.
pub(crate) enum Pushed<G: Geometry> {
    /// None are needed.
    Nothing,
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
        let tape = if moves { SharedTape::inputs_only() } else { SharedTape::off() };
        let known = (moves && volume == Volume::LogDet && projections > 0)
            .then(|| view.generator.with_log_volume(tape.watch(view.latents)))
            .flatten();
        let whole = projections == 0 || (moves && !iterates && known.is_none());
        let columns = whole.then(|| jacobian(view.generator, tape.watch(view.latents)));
        if let Some(columns) = &columns {
            view.share_generated(detach(columns.samples.clone()));
        }
        let d = geometry.latent_width() as Real;
        let term = match (volume, &columns) {
            _ if !moves => None,
            (Volume::Iterative { steps }, _) => Some((log_found(view, steps), d)),
            (Volume::LogDet, None) => known.map(|(_, volume)| (volume, 1.0)),
            (Volume::LogDet, Some(columns)) => Some((log_volume(columns), 1.0)),
            (_, columns) => columns.as_ref().map(|columns| (log_smallest(columns), d)),
        };
        let b = match term {
            Some((term, factor)) => view.latents.clone() + backward(sum(term)).of(view.latents) * factor,
            None => view.latents.clone(),
        };
        let pushed = match columns {
            Some(columns) if projections == 0 => Pushed::Whole(columns),
            columns => {
                let draws = directions(view, projections);
                let images = push(view, columns.as_ref(), &draws);
                Pushed::Random(Projections { draws, images })
            }
        };
        Self { term: GeneratorTerm::Latent(b), pushed }
    }

    /// The same with the score of the samples with their noise, estimated from a bank of `samples` latents. `projections`: `None`
    /// where the residual stays in data space, and J is not needed.
    pub fn noisy(view: &EnergyView<'_, G>, samples: usize, projections: Option<usize>) -> Self {
        let off = SharedTape::off();
        let (own, pushed) = match projections {
            None => (view.generator.forward(off.watch(view.latents)), Pushed::Nothing),
            Some(0) => {
                let columns = jacobian(view.generator, off.watch(view.latents));
                (columns.samples.clone(), Pushed::Whole(columns))
            }
            Some(count) => {
                let draws = directions(view, count);
                let (own, images) = view.generator.pushforward(off.watch(view.latents), off.watch(&draws));
                (own, Pushed::Random(Projections { draws, images: detach(images) }))
            }
        };
        let own = detach(own);
        view.share_generated(own.clone());
        Self { term: GeneratorTerm::Data(multi_sample(view, &own, samples)), pushed }
    }

    /// `(1/2 (grad E . J v - v . b)^2, E(x))`, `[B]` each, on the energy's tape, for one random direction a sample.
    ///
    /// The slope of the energy along J v is a pushforward, so the whole gradient is never needed.
    pub fn along(&self, view: &EnergyView<'_, G>, Projections { draws, images }: &Projections<G>) -> PerSampleLosses {
        let off = SharedTape::off();
        let offsets = match &self.term {
            GeneratorTerm::Latent(b) => detach(row_dot(off.watch(draws), off.watch(b))),
            GeneratorTerm::Data(score) => detach(row_dot(off.watch(images), off.watch(score))) * -1.0,
        };
        let x = view.tape.watch(view.generated());
        let (energies, slopes) = view.energy.pushforward(x, off.watch(images));
        ((slopes - offsets).square() * 0.5, energies)
    }

    /// The sizes of the residual, given the energy's gradient at the samples, `[B, D]`.
    pub fn sizes(&self, view: &EnergyView<'_, G>, gradient: Samples<G>, form: Form, norm: Norm) -> Sizes<G> {
        // A score in data space is a part of the residual there, which J^T then takes to latent space.
        let (gradient, b) = match &self.term {
            GeneratorTerm::Latent(b) => (gradient, Some(b)),
            GeneratorTerm::Data(score) => (gradient + score.clone(), None),
        };
        match (&self.pushed, b, form) {
            (Pushed::Random(projections), b, _) => projected(&gradient, b, projections),
            (Pushed::Whole(jacobian), b, Form::Latent) => {
                latent(&gradient, b, jacobian, view.generator.geometry().latent(), norm)
            }
            (Pushed::Whole(jacobian), Some(b), _) => norms(&(gradient - lift(jacobian, b)), norm.into()),
            (_, None, _) | (Pushed::Nothing, ..) => norms(&gradient, norm.into()),
        }
    }
}

/// Random projections: `a = grad E . J v - v . b`, sizes the mean of `a^2 / 2`.
fn projected<G: Geometry>(
    gradient: &Samples<G>,
    b: Option<&Latents<G>>,
    Projections { draws, images }: &Projections<G>,
) -> Sizes<G> {
    let count = rows(images) / rows(gradient).max(1);
    let share = 1.0 / count as Real;
    let slopes: Matrix = project(images, gradient, count);
    let a = match b {
        Some(b) => slopes - project(draws, b, count),
        None => slopes,
    };
    let (sizes, slopes) = norms(&a, RowNorm::HalfSquare);
    (sizes * share, weighted_sums(images, &(slopes * share)))
}

/// The whole residual in latent space, `r = J^T grad E - b`.
fn latent<G: Geometry>(
    gradient: &Samples<G>,
    b: Option<&Latents<G>>,
    jacobian: &Columns<G>,
    axis: G::Latent,
    norm: Norm,
) -> Sizes<G> {
    let columns = detach(jacobian.columns.clone());
    let pulled: Latents<G> = project(&columns, gradient, axis);
    let residual = match b {
        Some(b) => pulled - b.clone(),
        None => pulled,
    };
    let (sizes, slopes) = norms(&residual, norm.into());
    (sizes, weighted_sums(&columns, &slopes))
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

/// Random directions `v` `[projections B, d]`, the first of every sample first.
fn directions<G: Geometry>(view: &EnergyView<'_, G>, projections: usize) -> Latents<G> {
    let shape = (view.batch() * projections, view.generator.geometry().latent());
    view.random.stream("projections").in_blocks(projections).normal_tensor(shape)
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
