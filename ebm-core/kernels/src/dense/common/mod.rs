//! Inputs that are the same in every row of a batch, folded into the bias.

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use super::Dense;
use crate::elementwise::copy_to;
use crate::prelude::*;

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
        let ((rows, count), (outputs, inputs)) = (*common.shape(), (self.outputs, self.inputs));
        assert_eq!(rows, 1, "one row for all");
        let own = inputs - count;
        let weight =
            filled((outputs * own,), |y| backend::left_columns(outputs, inputs, own, stored(&self.weight)?.read(), y));
        let bias = filled((outputs,), |mut y| {
            if let Some(bias) = &self.bias {
                copy_to(outputs, stored(bias)?.read(), part_mut(&mut y, 0..outputs))?;
            }
            let (weight, common) = (stored(&self.weight)?, stored(&common)?);
            backend::add_common(outputs, inputs, own, weight.read(), common.read(), y)
        });
        let folded = Dense { weight: weight.clone(), bias: Some(bias.clone()), inputs: own, ..self.clone() };
        // Nobody else holds the common columns: without gradients of the weights, nobody asks for theirs.
        if self.trains && tape.is_recording() {
            tape.add_backward_op(move |gradients| {
                let gw = gradients.get_or_alloc_mut(&weight)?.take()?;
                let gb = gradients.get_or_alloc_mut(&bias)?.take()?;
                gradients.get_or_alloc_mut(&self.weight)?.update(|to| {
                    let common = stored(&common)?;
                    backend::add_folded(outputs, inputs, own, view(&gw), view(&gb), common.read(), to)
                })?;
                if let Some(bias) = &self.bias {
                    gradients.get_or_alloc_mut(bias)?.update(|to| accumulate(to, &gb))?;
                }
                gradients.get_or_alloc_mut(&common)?.update(|to| {
                    backend::add_to_common(outputs, inputs, own, stored(&self.weight)?.read(), view(&gb), to)
                })
            });
        }
        folded
    }
}
