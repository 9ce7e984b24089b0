//! Why a quadrature gives no value.

use thiserror::Error;

/// A quadrature that gives no value.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum QuadratureError {
    /// Grids are for one or two dimensions.
    #[error(
        "quadrature is for 1 or 2 dimensions, the data has {width}; use the bounds, or annealed importance sampling"
    )]
    Dimensions {
        /// Number of data dimensions, `D`.
        width: usize,
    },
    /// A box that is empty, infinite or of another dimension.
    #[error("the box {low:?} to {high:?} cannot be integrated over: it needs {width} finite sides of positive length")]
    Region {
        /// Lower corner.
        low: Vec<f64>,
        /// Upper corner.
        high: Vec<f64>,
        /// Number of data dimensions, `D`.
        width: usize,
    },
    /// The energy is NaN or minus infinity somewhere.
    #[error("the energy is {value} at {point:?}; a density needs energies that are finite or +inf")]
    NonFinite {
        /// Where.
        point: Vec<f64>,
        /// The energy there.
        value: f64,
    },
    /// The mass does not fade outwards, as far as was looked.
    #[error(
        "exp(-E) has no finite integral as far as was looked: {:.3} % of the mass on the box {low:?} to {high:?} lies in \
         its outer half and the mass keeps growing with the box; give the energy a quadratic confinement",
        100.0 * share
    )]
    NotNormalisable {
        /// Lower corner of the largest box looked at.
        low: Vec<f64>,
        /// Upper corner of the largest box looked at.
        high: Vec<f64>,
        /// Share of the mass in the outermost shell.
        share: f64,
    },
    /// The energy is +inf at every node.
    #[error("exp(-E) is zero at every grid point between {low:?} and {high:?}")]
    NoMass {
        /// Lower corner of the box looked at.
        low: Vec<f64>,
        /// Upper corner of the box looked at.
        high: Vec<f64>,
    },
}
