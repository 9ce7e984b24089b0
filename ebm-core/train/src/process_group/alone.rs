//! A group of a single process.

use super::{ProcessGroup, ProcessGroupError};
use ebm_core::device::{Real, Vector};

/// The only rank of its group: sums and messages stay as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alone;

impl ProcessGroup for Alone {
    fn rank(&self) -> usize {
        0
    }
    fn ranks(&self) -> usize {
        1
    }
    fn sum(&self, _values: &mut [Real]) -> Result<(), ProcessGroupError> {
        Ok(())
    }
    fn sum_tensor(&self, _values: &mut Vector) -> Result<(), ProcessGroupError> {
        Ok(())
    }
    fn gather(&self, own: &[u8]) -> Result<Vec<Vec<u8>>, ProcessGroupError> {
        Ok(vec![own.to_vec()])
    }
}
