use ebm_train::{Cancelled, grid::Region};
use thiserror::Error;

/// A quadrature that gives no value.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum QuadratureError {
    /// Grids are for one or two dimensions, and the data has these.
    #[error("quadrature is for 1 or 2 dimensions, the data has {0}; use the bounds, or annealed importance sampling")]
    Dimensions(usize),
    /// A box that is empty, infinite or of another dimension.
    #[error(
        "the box {:?} to {:?} cannot be integrated over: it needs {width} finite sides of positive length",
        region.low, region.high
    )]
    Region {
        /// The box.
        region: Region,
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
        "exp(-E) has no finite integral as far as was looked: {:.3} % of the mass on the box {:?} to {:?} lies in \
         its outer half and the mass keeps growing with the box; give the energy a quadratic confinement",
        100.0 * share, region.low, region.high
    )]
    NotNormalisable {
        /// The largest box looked at.
        region: Region,
        /// Share of the mass in the outermost shell.
        share: f64,
    },
    /// A proof is asked for of an energy that can give none.
    #[error(
        "no proof of log Z for this kind of energy: its values over boxes cannot be enclosed; those of dense networks can"
    )]
    NotEnclosed,
    /// It was asked to end.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// Nothing is known to keep Z finite.
    #[error(
        "nothing makes the integral of exp(-E) finite; give the energy a quadratic confinement (energy.confinement > 0), or have it declare that it is normalisable"
    )]
    Unconfined,
    /// The energy is +inf at every node.
    #[error("exp(-E) is zero at every grid point between {:?} and {:?}", .0.low, .0.high)]
    NoMass(Region),
}
