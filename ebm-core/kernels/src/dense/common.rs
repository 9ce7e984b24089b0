//! Inputs that are the same in every row of a batch.

use dfdx::prelude::*;

use super::{Dense, side};
use crate::buffers::native::{GradientBuffer, plus};
use crate::device::Matrix;
use crate::tape::SharedTape;

impl Dense {
    /// The layer on rows `[rows, inputs - C]` that does what this one does on these rows with the columns `common` `[1, C]`
    /// beside them: with `W = [W_own, W_common]`, its weights are `W_own` and its bias is `b + W_common common`.
    ///
    /// Tangents of the common columns are zero.
    ///
    /// # Panics
    /// If `common` has more than one row.
    pub fn with_common(self, common: Matrix<SharedTape>) -> Dense {
        let (common, mut tape) = common.split_tape();
        let (rows, count) = *common.shape();
        assert_eq!(rows, 1, "one row for all");
        let own = self.inputs - count;
        let (weight, bias) = (side::own_weight(&self, own), side::folded_bias(&self, &common));
        let folded = Dense {
            weight: weight.clone(),
            bias: Some(bias.clone()),
            inputs: own,
            ..self.clone()
        };
        // Nobody else holds the common columns: without gradients of the weights, nobody asks for theirs.
        if self.trains && tape.is_recording() {
            tape.add_backward_op(move |gradients| {
                let gw = gradients.get_or_alloc_mut(&weight)?.take()?;
                let gb = gradients.get_or_alloc_mut(&bias)?.take()?;
                gradients
                    .get_or_alloc_mut(&self.weight)?
                    .update(|to| side::add_folded(to, &self, &gw, &gb, &common))?;
                if let Some(bias) = &self.bias {
                    gradients.get_or_alloc_mut(bias)?.update(|to| plus(to, &gb))?;
                }
                gradients
                    .get_or_alloc_mut(&common)?
                    .update(|to| side::add_to_common(to, &self, &gb))
            });
        }
        folded
    }
}
