//! The two axes of a problem: the latent axis `d` and the data axis `D`.
//!
//! ```
//! use dfdx::prelude::*;
//! use ebm_core::device::values;
//! use ebm_core::geometry::{Fixed, Geometry, Latents, Runtime, Samples};
//!
//! /// Written once, for every problem.
//! fn doubled<G: Geometry>(x: Samples<G>) -> Samples<G> {
//!     x * 2.0
//! }
//!
//! let (known, any) = (Fixed::<1, 2>, Runtime { latent: 1, data: 2 });
//! assert_eq!((known.latent_width(), known.data_width()), (any.latent_width(), any.data_width()));
//! // As many rows as the values fill.
//! let z: Latents<Fixed<1, 2>> = known.latents(vec![0.5, 1.5, 2.5]);
//! assert_eq!(z.shape().0, 3);
//! let x: Samples<Runtime> = any.samples(vec![1.0, 2.0]);
//! assert_eq!(values(&doubled::<Runtime>(x)), [2.0, 4.0]);
//! ```

use dfdx::prelude::*;
use std::fmt::Debug;

use crate::device::{Dev, Real, device};
use crate::tape::SharedTape;

/// The latent and the data axis of a problem, each known at compile time ([`Fixed`]) or at run time ([`Runtime`]).
///
/// Models and bounds are written once, generic over a geometry. The two axes are different types, so handing latents
/// where samples are wanted does not compile.
pub trait Geometry: Copy + Debug + PartialEq + Send + Sync + 'static {
    /// The latent axis.
    type Latent: Dim;
    /// The data axis.
    type Data: Dim;
    /// The latent axis, as a dfdx dimension.
    fn latent(&self) -> Self::Latent;
    /// The data axis, as a dfdx dimension.
    fn data(&self) -> Self::Data;

    /// Number of latent dimensions, `d`.
    fn latent_width(&self) -> usize {
        self.latent().size()
    }
    /// Number of data dimensions, `D`.
    fn data_width(&self) -> usize {
        self.data().size()
    }
    /// Rows of samples to work on at once where nothing is trained: `most`, or fewer where samples are wide, so that memory
    /// stays bounded.
    fn rows_at_once(&self, most: usize) -> usize {
        /// Values of the samples. The layers of a convolutional network hold some twenty times as many.
        const VALUES: usize = 1 << 20;
        (VALUES / self.data_width().max(1)).clamp(64.min(most), most)
    }
    /// Puts row-major values into a latent tensor `[B, d]`.
    ///
    /// # Panics
    /// If the number of values is no multiple of `d`.
    fn latents(&self, values: Vec<Real>) -> Latents<Self> {
        let rows = rows_of(values.len(), self.latent_width());
        device().tensor_from_vec(values, (rows, self.latent()))
    }
    /// Puts row-major values into a sample tensor `[B, D]`.
    ///
    /// # Panics
    /// If the number of values is no multiple of `D`.
    fn samples(&self, values: Vec<Real>) -> Samples<Self> {
        let rows = rows_of(values.len(), self.data_width());
        device().tensor_from_vec(values, (rows, self.data()))
    }
}

fn rows_of(len: usize, width: usize) -> usize {
    assert!(width > 0 && len.is_multiple_of(width), "{len} values do not fill rows of {width}");
    len / width
}

/// A geometry known at compile time: `Fixed<2, 2>` has `d = 2` and `D = 2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Fixed<const LATENT: usize, const DATA: usize>;

/// A geometry known at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Runtime {
    /// Number of latent dimensions, `d`.
    pub latent: usize,
    /// Number of data dimensions, `D`.
    pub data: usize,
}

impl<const LATENT: usize, const DATA: usize> Geometry for Fixed<LATENT, DATA> {
    type Latent = Const<LATENT>;
    type Data = Const<DATA>;
    fn latent(&self) -> Self::Latent {
        Const
    }
    fn data(&self) -> Self::Data {
        Const
    }
}

impl Geometry for Runtime {
    type Latent = usize;
    type Data = usize;
    fn latent(&self) -> usize {
        self.latent
    }
    fn data(&self) -> usize {
        self.data
    }
}

/// Latent vectors, `[B, d]`.
pub type Latents<G, T = NoneTape> = Tensor<(usize, <G as Geometry>::Latent), Real, Dev, T>;
/// Data or generated vectors, `[B, D]`.
pub type Samples<G, T = NoneTape> = Tensor<(usize, <G as Geometry>::Data), Real, Dev, T>;
/// [`Latents`] on the tape.
pub type TapedLatents<G> = Latents<G, SharedTape>;
/// [`Samples`] on the tape.
pub type TapedSamples<G> = Samples<G, SharedTape>;
