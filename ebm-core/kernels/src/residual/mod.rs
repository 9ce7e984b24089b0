//! The distance of an energy from solving a Fokker-Planck equation, over pairs of samples at one time.

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use crate::device_vec::DeviceVec;
use crate::prelude::*;
use crate::selftest::doubles;

/// A sample's place on the process.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// `g^2`
    pub diffusion: f64,
    /// The factor of the residual.
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
    pub variance: DeviceVec,
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
    squares: &DeviceVec,
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
    let pairs = count / 2;
    let (diffusions, units) = (places.iter().map(|p| p.diffusion), places.iter().map(|p| p.unit));
    let places = run(|| upload::<f64>(diffusions.chain(units).collect()));
    let (sums, weights) = run(|| match laplacians {
        Laplacians::Known(known) => Ok((upload(known.to_vec())?, None)),
        Laplacians::OfSlopes(of, weights) => {
            let (terms, weights) = (weights.len() / count, upload(weights.to_vec())?);
            let mut sums = zeros::<f64>(count)?;
            backend::weighted_sums(count, terms, view(&weights), stored(of)?.read(), view_mut(&mut sums))?;
            Ok((sums, Some((terms, weights))))
        }
    });
    let [mut halves, mut derivatives, mut variance] = [pairs, count, 1].map(|n| run(|| zeros::<f64>(n)));
    let in_slopes = filled((count,), |in_slopes| {
        let (slopes, squares) = (stored(slopes)?, view(&squares.0));
        let (to_halves, to_derivatives) = (view_mut(&mut halves), view_mut(&mut derivatives));
        let (places, sums) = (view(&places), view(&sums));
        backend::pair_residuals(pairs, places, slopes.read(), squares, sums, to_halves, to_derivatives, in_slopes)?;
        backend::mean_of_doubles(pairs, view(&halves), view_mut(&mut variance))
    });
    let in_laplacians = weights.map(|(terms, weights)| {
        filled((terms * count,), |y| {
            backend::in_sums(count, terms, view(&places), view(&derivatives), view(&weights), y)
        })
    });
    PairVariance { variance: DeviceVec(variance), in_slopes, in_laplacians }
}

crate::selftest_cases!(|| {
    const SAMPLES: usize = 68;
    let case = |name, is_known| {
        Case::kernel(name, move || {
            let slopes = vector(numbers("residual/slopes", SAMPLES));
            let of = vector(numbers("residual/of", 3 * SAMPLES));
            let squares = DeviceVec::squared_norms(&matrix("residual/x", SAMPLES, 3));
            let [diffusions, units] = ["residual/g", "residual/u"].map(|name| doubles(scaled(name, SAMPLES, -1)));
            let places = diffusions
                .into_iter()
                .zip(units)
                .map(|(diffusion, unit)| Place { diffusion: 1.0 + diffusion, unit: 1.0 + unit });
            let given = doubles(numbers("residual/w", 3 * SAMPLES));
            let laplacians = match is_known {
                true => Laplacians::Known(&given[..SAMPLES]),
                false => Laplacians::OfSlopes(&of, &given),
            };
            let found = pair_variance(&slopes, &squares, laplacians, &places.collect::<Vec<_>>());
            let mut figures = vec![(Quantity::Value, found.variance.read()), Quantity::InInputs.of(&found.in_slopes)];
            figures.extend(found.in_laplacians.map(|slopes| Quantity::InInputs.of(&slopes)));
            figures
        })
    };
    vec![case("pair_variance", false), case("pair_variance: of known Laplacians", true)]
});

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: usize = 10;
    const TERMS: usize = 3;

    fn places() -> Vec<Place> {
        let place = |b: usize| Place { diffusion: 0.5 + 0.3 * (b % 5) as f64, unit: 1.0 / (1.0 + (b % 5) as f64) };
        (0..COUNT).map(place).collect()
    }

    fn weights() -> Vec<f64> {
        (0..TERMS * COUNT).map(|r| 0.4 - 0.05 * r as f64).collect()
    }

    fn x() -> Vec<Real> {
        check::array(COUNT * 3, 1.0, 3).as_vec()
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
        let [slopes, of] = [(COUNT, 1), (TERMS * COUNT, 2)].map(|(n, seed)| check::array(n, 1.0, seed));
        let squares = DeviceVec::squared_norms(&buffers::tensor(x(), (COUNT, 3usize)));
        let weights = weights();
        let of_slopes = pair_variance(&slopes, &squares, Laplacians::OfSlopes(&of, &weights), &places());
        let (slopes_at, of_at) = (slopes.as_vec(), of.as_vec());
        let laplacian = |b: usize| (b..TERMS * COUNT).step_by(COUNT).map(|r| weights[r] * f64::from(of_at[r])).sum();
        let known: Vec<f64> = (0..COUNT).map(laplacian).collect();
        let of_known = pair_variance(&slopes, &squares, Laplacians::Known(&known), &places());
        let expected = truth(&slopes_at, &of_at);
        for found in [&of_slopes, &of_known] {
            let value = found.variance.read()[0];
            assert!((value - expected).abs() < 1e-12 * expected, "{value} is not {expected}");
        }
        assert!(of_known.in_laplacians.is_none());
        let ours = [of_slopes.in_slopes.as_vec(), of_slopes.in_laplacians.unwrap().as_vec()].concat();
        check::gradient("residual", &ours, &[slopes_at, of_at].concat(), |at| truth(&at[..COUNT], &at[COUNT..]));
    }
}
