//! The residual of the energy's gradient against that of the generator's log-density.

use dfdx::prelude::{HasShape, PutTape, Shape, SplitTape, TensorFromVec};
use ebm_core::bounds::EnergyView;
use ebm_core::device::{PerSample, Real, device, values};
use ebm_core::geometry::Geometry;
use ebm_core::jacobian::{
    Columns, IterativeOptions, jacobian, lift, log_norm_pushforward, log_smallest, log_volume, smallest_pairs,
};
use ebm_core::kernels::sum;
use ebm_core::tape::{SharedTape, backward};

use crate::config::{Norm, Volume};

/// Relative residual below which the iterative solver has converged, as in `sv`.
const TOLERANCE: f64 = 1e-4;

/// What every form of the penalty is computed from.
pub(crate) struct Ingredients<G: Geometry> {
    /// `b = -grad_z log p_g(G(z)) = z + grad_z volume`, `[B, d]`.
    pub score: Vec<Real>,
    /// What is known of the Jacobian.
    pub pushed: Pushed<G>,
    pub latent: usize,
    pub data: usize,
    pub batch: usize,
}

/// Where the Jacobian takes directions in latent space.
pub(crate) enum Pushed<G: Geometry> {
    /// All of J.
    Whole(Columns<G>),
    /// Random directions.
    Random(Projections),
}

/// Directions `v` `[projections B, d]`, the first of every sample first, and `J v` `[projections B, D]`.
pub(crate) struct Projections {
    draws: Vec<Real>,
    images: Vec<Real>,
}

/// Sizes of the residual and energies of the samples, `[B]` each, on the energy's tape.
pub(crate) type Taken = (PerSample<SharedTape>, PerSample<SharedTape>);

/// A size of residual a sample, and its derivative in the energy's gradient, `[B, D]`.
pub(crate) struct Sizes {
    pub values: Vec<Real>,
    pub directions: Vec<Real>,
}

impl<G: Geometry> Ingredients<G> {
    /// `projections`: random directions a sample, or 0 for all of J.
    pub fn of(view: &EnergyView<'_, G>, volume: Volume, projections: usize) -> Self {
        let geometry = view.generator.geometry();
        let latent = geometry.latent_width();
        // A piecewise linear generator has a volume that does not change with z, almost everywhere.
        let moves = volume != Volume::None && !view.generator.facts().piecewise_linear;
        let iterates = matches!(volume, Volume::Iterative { .. });
        let whole = projections == 0 || (moves && !iterates);
        let tape = if moves {
            SharedTape::inputs_only()
        } else {
            SharedTape::off()
        };
        let columns = whole.then(|| jacobian(view.generator, tape.watch(view.latents)));
        if let Some(columns) = &columns {
            view.share_generated(columns.samples.clone().split_tape().0);
        }
        let mut score = values(view.latents);
        let term = match (volume, &columns) {
            _ if !moves => None,
            (Volume::Iterative { steps }, _) => Some((log_found(view, steps), latent as Real)),
            (Volume::LogDet, Some(columns)) => Some((log_volume(columns), 1.0)),
            (_, columns) => columns.as_ref().map(|columns| (log_smallest(columns), latent as Real)),
        };
        if let Some((term, factor)) = term {
            let slope = values(&backward(sum(term)).of(view.latents));
            score.iter_mut().zip(slope).for_each(|(b, s)| *b += factor * s);
        }
        let pushed = match columns {
            Some(columns) if projections == 0 => Pushed::Whole(columns),
            columns => {
                let place = view.random.stream("projections");
                let draws = place.normals_in_blocks(projections, score.len() * projections);
                let images = push(view, columns.as_ref(), &draws);
                Pushed::Random(Projections { draws, images })
            }
        };
        Self {
            batch: score.len() / latent,
            score,
            pushed,
            latent,
            data: geometry.data_width(),
        }
    }

    /// `(1/2 (grad E . J v - v . b)^2, E(x))`, `[B]` each, on the energy's tape, for one random direction a sample.
    ///
    /// The slope of the energy along J v is a pushforward, so the whole gradient is never needed.
    pub fn along(&self, view: &EnergyView<'_, G>, directions: &Projections) -> Taken {
        let offsets = directions
            .draws
            .chunks_exact(self.latent)
            .zip(self.score.chunks_exact(self.latent));
        let offsets: Vec<Real> = offsets.map(|(v, b)| dot(v, b)).collect();
        let offsets: PerSample = device().tensor_from_vec(offsets, (self.batch,));
        let images = view.energy.geometry().samples(directions.images.clone());
        let x = view.tape.watch(view.generated());
        let (energies, slopes) = view.energy.pushforward(x, images.put_tape(SharedTape::off()));
        ((slopes - offsets).square() * 0.5, energies)
    }

    /// Random projections: `a = grad E . J v - v . b`, sizes the mean of `a^2 / 2`.
    pub fn projected(&self, gradient: &[Real], Projections { draws, images }: &Projections) -> Sizes {
        let share = self.batch as Real * self.latent as Real / draws.len() as Real;
        let mut sizes = self.empty();
        let rows = draws.chunks_exact(self.latent).zip(images.chunks_exact(self.data));
        for (row, (v, jv)) in rows.enumerate() {
            let b = row % self.batch;
            let gradient = &gradient[b * self.data..][..self.data];
            let score = &self.score[b * self.latent..][..self.latent];
            let a = dot(gradient, jv) - dot(v, score);
            sizes.values[b] += 0.5 * share * a * a;
            let direction = &mut sizes.directions[b * self.data..][..self.data];
            direction.iter_mut().zip(jv).for_each(|(to, jv)| *to += share * a * jv);
        }
        sizes
    }

    /// The whole residual in latent space, `r = J^T grad E - b`.
    pub fn latent(&self, gradient: &[Real], jacobian: &Columns<G>, norm: Norm) -> Sizes {
        let columns = values(&jacobian.columns);
        let mut sizes = self.empty();
        let mut residual = vec![0.0; self.latent];
        for b in 0..self.batch {
            let column = |k: usize| &columns[(k * self.batch + b) * self.data..][..self.data];
            for (k, r) in residual.iter_mut().enumerate() {
                *r = dot(&gradient[b * self.data..][..self.data], column(k)) - self.score[b * self.latent + k];
            }
            sizes.values[b] = size(norm, &mut residual);
            for (k, r) in residual.iter().enumerate() {
                let direction = &mut sizes.directions[b * self.data..][..self.data];
                direction.iter_mut().zip(column(k)).for_each(|(to, c)| *to += r * c);
            }
        }
        sizes
    }

    /// The whole residual in data space, `r = grad E - J (J^T J)^-1 b`.
    pub fn data(&self, view: &EnergyView<'_, G>, gradient: &[Real], jacobian: &Columns<G>, norm: Norm) -> Sizes {
        let score = view.generator.geometry().latents(self.score.clone());
        let lifted = lift(jacobian, &score);
        let mut sizes = self.empty();
        for b in 0..self.batch {
            let range = b * self.data..(b + 1) * self.data;
            let direction = &mut sizes.directions[range.clone()];
            for ((to, g), l) in direction.iter_mut().zip(&gradient[range.clone()]).zip(&lifted[range]) {
                *to = g - *l as Real;
            }
            sizes.values[b] = size(norm, direction);
        }
        sizes
    }

    fn empty(&self) -> Sizes {
        Sizes {
            values: vec![0.0; self.batch],
            directions: vec![0.0; self.batch * self.data],
        }
    }
}

/// `J v` for every row of `draws`: from J where it is there, else by a pushforward.
fn push<G: Geometry>(view: &EnergyView<'_, G>, jacobian: Option<&Columns<G>>, draws: &[Real]) -> Vec<Real> {
    let geometry = view.generator.geometry();
    let Some(jacobian) = jacobian else {
        let off = SharedTape::off();
        let v = geometry.latents(draws.to_vec());
        let (samples, images) = view.generator.pushforward(off.watch(view.latents), off.watch(&v));
        view.share_generated(samples.split_tape().0);
        return values(&images);
    };
    let (latent, data, batch) = (geometry.latent_width(), geometry.data_width(), jacobian.batch);
    let columns = values(&jacobian.columns);
    let mut images = vec![0.0; draws.len() / latent * data];
    let rows = draws.chunks_exact(latent).zip(images.chunks_exact_mut(data));
    for (row, (v, image)) in rows.enumerate() {
        for (k, v) in v.iter().enumerate() {
            let column = &columns[(k * batch + row % batch) * data..][..data];
            image.iter_mut().zip(column).for_each(|(s, c)| *s += v * c);
        }
    }
    images
}

/// `log s_1` at the vectors that the iterative solver finds, on a tape for the latents.
fn log_found<G: Geometry>(view: &EnergyView<'_, G>, steps: usize) -> PerSample<SharedTape> {
    let geometry = view.generator.geometry();
    let draws = view
        .random
        .stream("volume")
        .normals(view.latents.shape().num_elements());
    let options = IterativeOptions {
        steps,
        tolerance: TOLERANCE,
    };
    let found = smallest_pairs(view.generator, view.latents, &geometry.latents(draws), options);
    let watched = SharedTape::inputs_only().watch(view.latents);
    log_norm_pushforward(view.generator, watched, &found.vectors)
}

/// N(r); replaces r by the derivative of N there.
fn size(norm: Norm, r: &mut [Real]) -> Real {
    match norm {
        Norm::Squared => 0.5 * dot(r, r),
        Norm::Euclidean => {
            let length = dot(r, r).sqrt();
            // At zero every vector of length at most 1 is a subgradient; take zero.
            let inverse = if length > 0.0 { 1.0 / length } else { 0.0 };
            r.iter_mut().for_each(|v| *v *= inverse);
            length
        }
        Norm::P(p) => {
            // Relative to the largest entry, so that no power overflows.
            let largest = r.iter().fold(0.0 as Real, |m, v| m.max(v.abs()));
            if largest == 0.0 {
                return 0.0;
            }
            let p = p as Real;
            let total: Real = r.iter().map(|v| (v.abs() / largest).powf(p)).sum();
            let length = largest * total.powf(1.0 / p);
            r.iter_mut()
                .for_each(|v| *v = v.signum() * (v.abs() / length).powf(p - 1.0));
            length
        }
    }
}

fn dot(a: &[Real], b: &[Real]) -> Real {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norms_and_their_derivatives_are_those_of_the_formulas() {
        let check = |norm, expected: f64, slopes: [f64; 2]| {
            let mut r: [Real; 2] = [3.0, -4.0];
            let value = size(norm, &mut r);
            assert!((f64::from(value) - expected).abs() < 1e-5, "{norm:?}: {value}");
            for (a, b) in r.iter().zip(slopes) {
                assert!((f64::from(*a) - b).abs() < 1e-5, "{norm:?}: {r:?}");
            }
        };
        check(Norm::Squared, 12.5, [3.0, -4.0]);
        check(Norm::Euclidean, 5.0, [0.6, -0.8]);
        check(Norm::P(2.0), 5.0, [0.6, -0.8]);
        check(Norm::P(1.0), 7.0, [1.0, -1.0]);
        // (27 + 64)^(1/3) = 4.497941; slopes (x/n)^2
        check(Norm::P(3.0), 4.497_941, [0.444_854, -0.790_852]);
        assert_eq!(size(Norm::P(3.0), &mut [0.0, 0.0]), 0.0);
        assert_eq!(size(Norm::Euclidean, &mut [0.0, 0.0]), 0.0);
    }
}
