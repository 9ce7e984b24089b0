//! The numbers of one update.

use crate::device::Real;

/// What an update of Adam does to every value: with `g` the gradient times `scale`,
/// `m = b1 m + (1 - b1) g`, `v = b2 v + (1 - b2) g^2` and `w = keep w - step m / (sqrt(v) correction + epsilon)`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Step {
    pub scale: Real,
    pub b1: Real,
    pub b2: Real,
    pub epsilon: Real,
    pub step: Real,
    pub correction: Real,
    pub keep: Real,
}
