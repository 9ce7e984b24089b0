//! Residuals on slices.

use super::{Laplacians, PairVariance, Place};
use crate::Figures;
use crate::buffers::{self, read};
use crate::device::{PerSample, Real};

pub(super) fn pair_variance(
    slopes: &PerSample,
    squares: &Figures,
    laplacians: Laplacians<'_>,
    places: &[Place],
) -> PairVariance {
    let (count, pairs) = (places.len(), places.len() / 2);
    let sums = match laplacians {
        Laplacians::Known(known) => known.to_vec(),
        Laplacians::OfSlopes(of, weights) => {
            let mut sums = vec![0.0; count];
            for (row, (slope, weight)) in read(of).iter().zip(weights).enumerate() {
                sums[row % count] += weight * f64::from(*slope);
            }
            sums
        }
    };
    let residuals: Vec<f64> = read(slopes)
        .iter()
        .zip(&squares.0)
        .zip(sums.iter().zip(places))
        .map(|((slope, square), (sum, place))| {
            (f64::from(*slope) - 0.5 * place.diffusion * (square + sum)) * place.unit
        })
        .collect();
    let (first, second) = residuals.split_at(pairs);
    let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| a - b).collect();
    let variance = differences.iter().map(|d| 0.5 * d * d).sum::<f64>() / pairs as f64;

    let signed = differences.iter().copied().chain(differences.iter().map(|d| -d));
    let in_slopes: Vec<f64> = signed
        .zip(places)
        .map(|(d, place)| d / pairs as f64 * place.unit)
        .collect();
    let in_laplacians = match laplacians {
        Laplacians::Known(_) => None,
        Laplacians::OfSlopes(_, weights) => {
            let of = |(row, weight): (usize, &f64)| {
                let b = row % count;
                (-0.5 * places[b].diffusion * in_slopes[b] * weight) as Real
            };
            let values: Vec<Real> = weights.iter().enumerate().map(of).collect();
            Some(buffers::tensor(values, (weights.len(),)))
        }
    };
    PairVariance {
        variance: Figures(vec![variance]),
        in_slopes: buffers::tensor(in_slopes.iter().map(|s| *s as Real).collect(), (count,)),
        in_laplacians,
    }
}
