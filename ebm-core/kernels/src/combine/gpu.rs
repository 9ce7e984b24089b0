//! Rows on the device.

use dfdx::prelude::*;

use super::Rows;
use crate::buffers::native::{filled, stored};
use crate::device::Real;
use crate::gpu::{self, In, upload};

pub(super) fn combined<C: Dim>((x, a): (&Rows<C>, &[Real]), (v, b): (&Rows<C>, &[Real])) -> Rows<C> {
    let (first, axis) = *x.shape();
    let (rows, columns, second) = (a.len(), axis.size(), v.shape().0);
    filled((rows, axis), |y| {
        let factors = upload([a, b].concat())?;
        let (x, v) = (stored(x)?, stored(v)?);
        gpu::combine::combine(rows, columns, first, second, In::of(&factors), x.read(), v.read(), y)
    })
}
