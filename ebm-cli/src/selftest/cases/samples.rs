//! What bounds compute of every sample's numbers.

use ebm_core::device::values;
use ebm_core::jacobian::axes;
use ebm_core::kernels::Figures;
use ebm_core::kernels::combine::combine;
use ebm_core::kernels::denoise::{Row, Square, denoise};
use ebm_core::kernels::directions::{RowNorm, norms, project, weighted_sums};
use ebm_core::kernels::normal::log_density;
use ebm_core::kernels::residual::{Laplacians, PairVariance, Place, pair_variance};

use crate::selftest::case::{Case, Found, OPERATION};
use crate::selftest::figures::Compared;
use crate::selftest::numbers::{numbers, scaled};
use crate::selftest::operation::{doubles, matrix, vector};

const SAMPLES: usize = 68;
/// More than two warps.
const WIDTH: usize = 75;

fn case(name: &'static str, work: impl Fn() -> Found + 'static) -> Case {
    Case::new(format!("kernel {name}"), OPERATION, work)
}

/// Numbers between 1/2 and 3/2.
fn positive(name: &str, count: usize) -> Vec<f64> {
    let around = scaled(name, count, -1).into_iter();
    around.map(|v| 1.0 + f64::from(v)).collect()
}

fn denoised(square: Square) -> Found {
    let (gradient, noise) = (matrix("denoise/g", SAMPLES, WIDTH), matrix("denoise/n", SAMPLES, WIDTH));
    let (levels, weights) = (positive("denoise/s", SAMPLES), positive("denoise/w", SAMPLES));
    let rows = levels.into_iter().zip(weights).map(|(noise, weight)| Row {
        noise,
        weight,
        offset: weight,
    });
    let found = denoise(&gradient, &noise, &rows.collect::<Vec<_>>(), square);
    vec![
        (Compared::Value, found.losses.read()),
        (Compared::Value, found.errors.read()),
        (Compared::InInputs, doubles(values(&found.directions))),
    ]
}

fn normed(norm: RowNorm) -> Found {
    let (sizes, slopes) = norms(&matrix("norms", SAMPLES, WIDTH), norm);
    vec![
        (Compared::Value, doubles(values(&sizes))),
        (Compared::InInputs, doubles(values(&slopes))),
    ]
}

fn residual(known: bool) -> Found {
    let (slopes, of) = (
        vector(numbers("residual/slopes", SAMPLES)),
        vector(numbers("residual/of", 3 * SAMPLES)),
    );
    let squares = Figures::squared_norms(&matrix("residual/x", SAMPLES, 3));
    let (diffusions, units) = (positive("residual/g", SAMPLES), positive("residual/u", SAMPLES));
    let places = diffusions.into_iter().zip(units);
    let places: Vec<Place> = places.map(|(diffusion, unit)| Place { diffusion, unit }).collect();
    let given = doubles(numbers("residual/w", 3 * SAMPLES));
    let laplacians = match known {
        true => Laplacians::Known(&given[..SAMPLES]),
        false => Laplacians::OfSlopes(&of, &given),
    };
    let PairVariance {
        variance,
        in_slopes,
        in_laplacians,
    } = pair_variance(&slopes, &squares, laplacians, &places);
    let mut found = vec![
        (Compared::Value, variance.read()),
        (Compared::InInputs, doubles(values(&in_slopes))),
    ];
    found.extend(in_laplacians.map(|slopes| (Compared::InInputs, doubles(values(&slopes)))));
    found
}

pub fn cases() -> Vec<Case> {
    vec![
        case("squared_norms", || {
            let squares = Figures::squared_norms(&matrix("squared_norms", SAMPLES, WIDTH));
            let rounded = doubles(values(&squares.rounded()));
            vec![(Compared::Value, squares.read()), (Compared::Value, rounded)]
        }),
        case("combine", || {
            let (x, v) = (matrix("combine/x", 17, WIDTH), matrix("combine/v", SAMPLES / 2, WIDTH));
            let (a, b) = (numbers("combine/a", SAMPLES), numbers("combine/b", SAMPLES));
            vec![(Compared::Value, doubles(values(&combine((&x, &a), (&v, &b)))))]
        }),
        case("axes", || {
            vec![(Compared::Value, doubles(values(&axes(SAMPLES, 9usize))))]
        }),
        case("project", || {
            let rows = matrix("project/u", 4 * SAMPLES, WIDTH);
            let found = project(&rows, &matrix("project/x", SAMPLES, WIDTH), 4usize);
            vec![(Compared::Value, doubles(values(&found)))]
        }),
        case("weighted_sums", || {
            let rows = matrix("weighted_sums/u", 4 * SAMPLES, WIDTH);
            let found = weighted_sums(&rows, &matrix("weighted_sums/c", 2 * SAMPLES, 4));
            vec![(Compared::Value, doubles(values(&found)))]
        }),
        case("norms: 1/2 ||r||^2", || normed(RowNorm::HalfSquare)),
        case("norms: ||r||", || normed(RowNorm::Euclidean)),
        case("norms: p = 3", || normed(RowNorm::P(3.0))),
        case("denoise", || denoised(Square::Whole)),
        case("denoise: without the target", || denoised(Square::WithoutTarget)),
        case("log_density", || {
            let (outputs, z) = (
                matrix("log_density/outputs", SAMPLES, 2 * WIDTH),
                matrix("log_density/z", SAMPLES, WIDTH),
            );
            // Some of the log-variances are beyond.
            let (found, slopes) = log_density(&outputs, &z, -0.75..=0.5);
            vec![
                (Compared::Value, found.read()),
                (Compared::InInputs, doubles(values(&slopes))),
            ]
        }),
        case("pair_variance", || residual(false)),
        case("pair_variance: of known Laplacians", || residual(true)),
    ]
}
