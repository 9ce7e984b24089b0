//! Rows of slices.

use dfdx::prelude::*;

use super::Rows;
use crate::buffers::{self, read};
use crate::device::Real;
use crate::math::vectorised;

pub(super) fn combined<C: Dim>((x, a): (&Rows<C>, &[Real]), (v, b): (&Rows<C>, &[Real])) -> Rows<C> {
    let axis = x.shape().1;
    let mut y = Vec::with_capacity(a.len() * axis.size());
    let (x, v) = (read(x), read(v));
    let [x, v] = [&x, &v].map(|rows| rows.chunks_exact(axis.size()).cycle());
    vectorised(|| {
        for ((x, v), (a, b)) in x.zip(v).zip(a.iter().zip(b)) {
            y.extend(x.iter().zip(v).map(|(x, v)| a * x + b * v));
        }
    });
    buffers::tensor(y, (a.len(), axis))
}
