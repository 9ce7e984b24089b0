//! How far an energy is from solving a Fokker-Planck equation, over pairs of samples at one time.

#[cfg(not(device_kernels))]
mod cpu;
#[cfg(device_kernels)]
mod gpu;

#[cfg(not(device_kernels))]
use cpu as side;
#[cfg(device_kernels)]
use gpu as side;

use dfdx::prelude::*;

use super::Figures;
use crate::device::PerSample;

/// A sample's place on the process.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// `g^2`
    pub diffusion: f64,
    /// What the residual is multiplied by.
    pub unit: f64,
}

/// The Laplacians of the energy.
#[derive(Clone, Copy)]
pub enum Laplacians<'a> {
    /// Known, `[B]`.
    Known(&'a [f64]),
    /// A weighted sum of slopes, `[K*B]` and as many weights: K terms a sample, the first term of every sample first.
    OfSlopes(&'a PerSample, &'a [f64]),
}

/// The variance of the residual, and its derivatives; see [`pair_variance`].
pub struct PairVariance {
    /// V, a single number.
    pub variance: Figures,
    /// `dV / d slopes`, `[B]`.
    pub in_slopes: PerSample,
    /// `dV` in the slopes that make up the Laplacians, `[K*B]`; none of known ones.
    pub in_laplacians: Option<PerSample>,
}

/// `V = 1/(2P) sum_p (R_p - R_(p+P))^2` over P pairs of samples, with
/// `R_b = u_b (slope_b - g_b^2/2 (square_b + lap_b))`, from slopes `[2P]`, squared norms `[2P]` and Laplacians.
///
/// Both of a pair are at one time, where R of a solution is one number: V is the variance of R over the samples, averaged over
/// the times. In double precision; nothing is recorded.
///
/// # Panics
/// If the lengths do not fit, or the number of samples is odd or 0.
pub fn pair_variance(
    slopes: &PerSample,
    squares: &Figures,
    laplacians: Laplacians<'_>,
    places: &[Place],
) -> PairVariance {
    let count = places.len();
    assert!(count > 0 && count.is_multiple_of(2), "{count} samples are no pairs");
    assert_eq!((slopes.shape().0, squares.len()), (count, count), "slopes and squares");
    match laplacians {
        Laplacians::Known(known) => assert_eq!(known.len(), count, "Laplacians"),
        Laplacians::OfSlopes(of, weights) => assert!(
            of.shape().0 == weights.len() && weights.len().is_multiple_of(count),
            "{} slopes with {} weights, of {count} samples",
            of.shape().0,
            weights.len()
        ),
    }
    side::pair_variance(slopes, squares, laplacians, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffers;
    use crate::check;
    use crate::device::Real;

    const COUNT: usize = 10;
    const TERMS: usize = 3;

    fn places() -> Vec<Place> {
        let place = |b: usize| Place {
            diffusion: 0.5 + 0.3 * (b % 5) as f64,
            unit: 1.0 / (1.0 + (b % 5) as f64),
        };
        (0..COUNT).map(place).collect()
    }

    fn weights() -> Vec<f64> {
        (0..TERMS * COUNT).map(|r| 0.4 - 0.05 * r as f64).collect()
    }

    fn x() -> Vec<Real> {
        check::array(COUNT * 3, 1.0, 3).as_vec()
    }

    fn at(slopes: &[Real], of: &[Real]) -> PairVariance {
        let squares = Figures::squared_norms(&buffers::tensor(x(), (COUNT, 3usize)));
        let [slopes, of] = [slopes, of].map(|values| buffers::tensor(values.to_vec(), (values.len(),)));
        pair_variance(&slopes, &squares, Laplacians::OfSlopes(&of, &weights()), &places())
    }

    /// V by the formula.
    fn truth(slopes: &[Real], of: &[Real]) -> f64 {
        let (places, weights, x) = (places(), weights(), x());
        let residual = |b: usize| {
            let square: f64 = x[3 * b..3 * b + 3].iter().map(|v| f64::from(*v).powi(2)).sum();
            let terms = (0..TERMS).map(|k| k * COUNT + b);
            let laplacian: f64 = terms.map(|r| weights[r] * f64::from(of[r])).sum();
            places[b].unit * (f64::from(slopes[b]) - 0.5 * places[b].diffusion * (square + laplacian))
        };
        let pairs = COUNT / 2;
        let squares = (0..pairs).map(|p| (residual(p) - residual(p + pairs)).powi(2));
        squares.sum::<f64>() / COUNT as f64
    }

    #[test]
    fn the_variance_is_that_of_the_formula_and_its_derivatives_are_right() {
        let slopes = check::array(COUNT, 1.0, 1).as_vec();
        let of = check::array(TERMS * COUNT, 1.0, 2).as_vec();
        let found = at(&slopes, &of);
        let (value, expected) = (found.variance.read()[0], truth(&slopes, &of));
        assert!((value - expected).abs() < 1e-12 * expected, "{value} is not {expected}");
        let ours = found.in_slopes.as_vec().into_iter();
        let ours = ours.chain(found.in_laplacians.unwrap().as_vec());
        for (i, ours) in ours.enumerate() {
            let moved = |by: Real| {
                let (mut slopes, mut of) = (slopes.clone(), of.clone());
                match i.checked_sub(COUNT) {
                    None => slopes[i] += by,
                    Some(i) => of[i] += by,
                }
                truth(&slopes, &of)
            };
            let slope = (moved(check::STEP) - moved(-check::STEP)) / (2.0 * f64::from(check::STEP));
            check::close(&i.to_string(), f64::from(ours), slope, slope.abs());
        }
    }

    #[test]
    fn known_laplacians_are_taken_as_they_are() {
        let (slopes, of) = (
            check::array(COUNT, 1.0, 1).as_vec(),
            check::array(TERMS * COUNT, 1.0, 2).as_vec(),
        );
        let weights = weights();
        let laplacian = |b: usize| {
            let terms = (0..TERMS).map(|k| k * COUNT + b);
            terms.map(|r| weights[r] * f64::from(of[r])).sum()
        };
        let known: Vec<f64> = (0..COUNT).map(laplacian).collect();
        let squares = Figures::squared_norms(&buffers::tensor(x(), (COUNT, 3usize)));
        let slopes = buffers::tensor(slopes, (COUNT,));
        let found = pair_variance(&slopes, &squares, Laplacians::Known(&known), &places());
        assert!(found.in_laplacians.is_none());
        let expected = truth(&slopes.as_vec(), &of);
        assert!((found.variance.read()[0] - expected).abs() < 1e-12 * expected);
    }
}
