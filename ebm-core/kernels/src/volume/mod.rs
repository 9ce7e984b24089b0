//! Functions of the singular values of Jacobians that are given by their columns, and gradients lifted through them.

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;
pub mod gram;

use crate::prelude::*;

/// A function of a Jacobian's singular values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Volume {
    /// `log |det J|` of a square one.
    Determinant,
    /// `1/2 log det(J^T J)`
    Gram,
    /// `log s_1`
    Smallest,
}

/// d columns `[D]` of each of B samples.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// B.
    pub batch: usize,
    /// d.
    pub d: usize,
    /// D.
    pub width: usize,
}

/// The factors of the derivative.
enum Slopes<C: Dim> {
    /// The derivative itself, laid out as the columns.
    Whole(Rows<C>),
    /// Coefficients C `[B, d, d]` of `J C`.
    Combined(Array<f64>),
}

/// `[B]`, the value of `kind` for the Jacobians with these columns `[d B, D]`: column k of sample b is row `k B + b`.
pub fn volume<C: Dim>(columns: Rows<C, SharedTape>, sizes: Sizes, kind: Volume) -> PerSample<SharedTape> {
    let (columns, tape) = columns.split_tape();
    let (batch, shape) = (sizes.batch, *columns.shape());
    let (y, slopes) = if kind == Volume::Determinant {
        let (values, slopes) = filled_two((batch,), shape, |values, slopes| {
            backend::log_abs_dets(sizes, stored(&columns)?.read(), values, slopes)
        });
        (values, Slopes::Whole(slopes))
    } else {
        let mut coefficients = run(|| zeros(0));
        let values = filled((batch,), |values| {
            let of = match kind {
                Volume::Smallest => backend::log_smallests,
                _ => backend::half_log_dets,
            };
            coefficients = of(sizes, stored(&columns)?.read(), values)?;
            Ok(())
        });
        (values, Slopes::Combined(coefficients))
    };
    let kept = columns.clone();
    let Sizes { batch, d, width } = sizes;
    record_unary(tape, &columns, y, move |gc, g| match &slopes {
        Slopes::Whole(slopes) => backend::add_scaled_columns(batch, d, width, view(&g), stored(slopes)?.read(), gc),
        Slopes::Combined(coefficients) => {
            let columns = stored(&kept)?;
            backend::add_combined_columns(batch, d, width, view(coefficients), view(&g), columns.read(), gc)
        }
    })
}

/// `J (J^T J)^-1 b`, `[B, D]`, of columns `[d B, D]` and `b` `[B, d]`.
pub fn lift<C: Dim, L: Dim>(columns: &Rows<C>, b: &Rows<L>, sizes: Sizes) -> Rows<C> {
    filled((sizes.batch, columns.shape().1), |y| {
        backend::lift_through(sizes, stored(b)?.read(), stored(columns)?.read(), y)
    })
}
