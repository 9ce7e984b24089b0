//! Inputs that are the same in every row of a batch.

use dfdx::prelude::*;

use super::Dense;
use crate::buffers::{self, GradientBuffer, read};
use crate::device::{Matrix, Real};
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
        let (outputs, inputs) = (self.outputs, self.inputs);
        let own = inputs - count;
        let (mut weight, mut bias) = (
            Vec::with_capacity(outputs * own),
            match &self.bias {
                Some(bias) => read(bias).to_vec(),
                None => vec![0.0; outputs],
            },
        );
        for (row, b) in read(&self.weight).chunks_exact(inputs).zip(&mut bias) {
            let (left, right) = row.split_at(own);
            weight.extend_from_slice(left);
            *b += right.iter().zip(read(&common).iter()).map(|(w, c)| w * c).sum::<Real>();
        }
        let folded = Dense {
            weight: buffers::tensor(weight, (outputs * own,)),
            bias: Some(buffers::tensor(bias, (outputs,))),
            inputs: own,
            ..self.clone()
        };
        // Nobody else holds the common columns: without gradients of the weights, nobody asks for theirs.
        if self.trains && tape.is_recording() {
            let (weight, bias) = (folded.weight.clone(), folded.bias.clone());
            tape.add_backward_op(move |gradients| {
                let gw = gradients.get_or_alloc_mut(&weight)?.take()?;
                let gb = match &bias {
                    Some(bias) => gradients.get_or_alloc_mut(bias)?.take()?,
                    None => vec![0.0; outputs],
                };
                let c = read(&common);
                gradients.get_or_alloc_mut(&self.weight)?.update(|to| {
                    let from = gw.chunks_exact(own.max(1)).zip(&gb);
                    for (to, (from, g)) in to.chunks_exact_mut(inputs).zip(from) {
                        let (left, right) = to.split_at_mut(own);
                        left.iter_mut().zip(from).for_each(|(t, f)| *t += f);
                        right.iter_mut().zip(c.iter()).for_each(|(t, c)| *t += g * c);
                    }
                })?;
                if let Some(bias) = &self.bias {
                    gradients
                        .get_or_alloc_mut(bias)?
                        .update(|to| to.iter_mut().zip(&gb).for_each(|(t, g)| *t += g))?;
                }
                let w = read(&self.weight);
                gradients.get_or_alloc_mut(&common)?.update(|to| {
                    for (row, g) in w.chunks_exact(inputs).zip(&gb) {
                        to.iter_mut().zip(&row[own..]).for_each(|(t, w)| *t += g * w);
                    }
                })
            });
        }
        folded
    }
}
