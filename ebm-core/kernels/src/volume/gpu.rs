//! Volumes on the device, a block a sample.

use dfdx::prelude::*;

use super::{Sizes, Volume};
use crate::buffers::native::{Added, Taken, filled, filled_two, run, stored};
use crate::device::{Dev, DevError, PerSample, Real};
use crate::gpu::{Buffer, In, Out, jacobian, zeros};

type Rows<C> = Tensor<(usize, C), Real, Dev>;

/// What the derivative is made of.
pub(super) enum Slopes<C: Dim> {
    /// The derivative itself, laid out as the columns.
    Whole(Rows<C>),
    /// Coefficients C `[B, d, d]` of `J C`.
    Combined(Buffer<f64>),
}

pub(super) fn volume<C: Dim>(columns: &Rows<C>, sizes: Sizes, kind: Volume) -> (PerSample, Slopes<C>) {
    let Sizes { batch, d, .. } = sizes;
    if kind == Volume::Determinant {
        let (values, slopes) = filled_two((batch,), *columns.shape(), |values, slopes| {
            let (mut work, mut inverses) = (zeros(batch * d * d)?, zeros(batch * d * d)?);
            let (work, inverses) = (Out::of(&mut work), Out::of(&mut inverses));
            jacobian::log_abs_det(batch, d, stored(columns)?.read(), work, inverses, values, slopes)
        });
        return (values, Slopes::Whole(slopes));
    }
    let (mut grams, mut other) = run(|| Ok((grams(columns, sizes)?, zeros(batch * d * d)?)));
    let values = filled((batch,), |values| {
        let (grams, other) = (Out::of(&mut grams), Out::of(&mut other));
        if kind == Volume::Smallest {
            let mut turns = zeros(batch * (d + 1))?;
            return jacobian::log_smallest(batch, d, grams, other, Out::of(&mut turns), values);
        }
        jacobian::half_log_det(batch, d, grams, other, values)
    });
    let coefficients = if kind == Volume::Smallest { grams } else { other };
    (values, Slopes::Combined(coefficients))
}

/// `J^T J` of every sample, `[B, d, d]`.
fn grams<C: Dim>(columns: &Rows<C>, Sizes { batch, d, width }: Sizes) -> Result<Buffer<f64>, DevError> {
    let mut grams = zeros(batch * d * d)?;
    jacobian::gram(batch, d, width, stored(columns)?.read(), Out::of(&mut grams))?;
    Ok(grams)
}

pub(super) fn add_gradient<C: Dim>(
    gc: Added,
    g: &Taken,
    columns: &Rows<C>,
    Sizes { batch, d, width }: Sizes,
    slopes: &Slopes<C>,
) -> Result<(), DevError> {
    match slopes {
        Slopes::Whole(slopes) => jacobian::add_scaled_columns(batch, d, width, In::of(g), stored(slopes)?.read(), gc),
        Slopes::Combined(coefficients) => {
            let (coefficients, columns) = (In::of(coefficients), stored(columns)?);
            jacobian::add_combined_columns(batch, d, width, coefficients, In::of(g), columns.read(), gc)
        }
    }
}

pub(super) fn lift<C: Dim, L: Dim>(columns: &Rows<C>, b: &Rows<L>, sizes: Sizes) -> Rows<C> {
    let Sizes { batch, d, width } = sizes;
    filled((batch, columns.shape().1), |y| {
        let mut grams = grams(columns, sizes)?;
        let (mut inverses, mut weights) = (zeros(batch * d * d)?, zeros(batch * d)?);
        let mut unused = zeros(batch)?;
        jacobian::half_log_det(
            batch,
            d,
            Out::of(&mut grams),
            Out::of(&mut inverses),
            Out::of(&mut unused),
        )?;
        jacobian::solve(batch, d, In::of(&inverses), stored(b)?.read(), Out::of(&mut weights))?;
        jacobian::lift(batch, d, width, In::of(&weights), stored(columns)?.read(), y)
    })
}
