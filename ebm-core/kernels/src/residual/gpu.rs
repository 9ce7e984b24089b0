//! Residuals on the device.

use super::{Laplacians, PairVariance, Place};
use crate::Figures;
use crate::buffers::native::{filled, run, stored};
use crate::device::PerSample;
use crate::gpu::{In, Out, residual, upload, zeros};

pub(super) fn pair_variance(
    slopes: &PerSample,
    squares: &Figures,
    laplacians: Laplacians<'_>,
    places: &[Place],
) -> PairVariance {
    let (count, pairs) = (places.len(), places.len() / 2);
    let (diffusions, units) = (places.iter().map(|p| p.diffusion), places.iter().map(|p| p.unit));
    let places = run(|| upload::<f64>(diffusions.chain(units).collect()));
    let places = In::of(&places);
    let (sums, weights) = run(|| match laplacians {
        Laplacians::Known(known) => Ok((upload(known.to_vec())?, None)),
        Laplacians::OfSlopes(of, weights) => {
            let (terms, weights) = (weights.len() / count, upload(weights.to_vec())?);
            let mut sums = zeros::<f64>(count)?;
            residual::weighted_sums(count, terms, In::of(&weights), stored(of)?.read(), Out::of(&mut sums))?;
            Ok((sums, Some((terms, weights))))
        }
    });
    let [mut halves, mut derivatives, mut variance] = [pairs, count, 1].map(|n| run(|| zeros::<f64>(n)));
    let in_slopes = filled((count,), |in_slopes| {
        residual::pair_residuals(
            pairs,
            places,
            stored(slopes)?.read(),
            In::of(&squares.0),
            In::of(&sums),
            Out::of(&mut halves),
            Out::of(&mut derivatives),
            in_slopes,
        )?;
        residual::mean_of_doubles(pairs, In::of(&halves), Out::of(&mut variance))
    });
    let in_laplacians = weights.map(|(terms, weights)| {
        filled((terms * count,), |y| {
            residual::in_sums(count, terms, places, In::of(&derivatives), In::of(&weights), y)
        })
    });
    PairVariance {
        variance: Figures(variance),
        in_slopes,
        in_laplacians,
    }
}
