use crate::delegate::delegate;
use ebm_core::{data::Dataset, device::Real, random::Random};

/// A data set whose validation part is held out: what an evaluation during training looks at, so that the choices that follow
/// from it say nothing about the samples that reports are on.
pub struct Validating<'a> {
    data: &'a dyn Dataset,
}

impl<'a> Validating<'a> {
    /// The same data with the validation part held out.
    pub fn new(data: &'a dyn Dataset) -> Self {
        Self { data }
    }
}

impl Dataset for Validating<'_> {
    delegate!(width draw validation standardization description);

    fn held_out(&self, n: usize, random: Random) -> Vec<Real> {
        self.data.validation(n, random)
    }
}
