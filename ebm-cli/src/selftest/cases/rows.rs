//! Rows and columns put together, taken apart and multiplied.

use ebm_core::dfdx::prelude::*;
use ebm_core::kernels::add::add;
use ebm_core::kernels::columns::{concatenate, join_columns, take_columns};
use ebm_core::kernels::confine::confine;
use ebm_core::kernels::rows::{repeat, stack, take_rows, unstack};
use ebm_core::kernels::scale::scale;
use ebm_core::kernels::stretch::stretch;

use crate::selftest::case::Case;
use crate::selftest::operation::Operation;

const SAMPLES: usize = 67;

pub fn cases() -> Vec<Case> {
    // Tangents are rows like others here.
    let rows = |name: &str| Operation::new(name, SAMPLES, 9).tangents(0);
    let beside = |name: &str, length| rows(name).array(length, 0);
    vec![
        beside("add", SAMPLES * 9).case(|x, _, arrays| {
            let (_, tape) = x.clone().split_tape();
            let other = tape.watch(&arrays[0]).reshape_like(x.shape());
            add(x, other)
        }),
        rows("take_columns").case(|x, _, _| take_columns(x, &[7, 0, 3])),
        rows("join_columns").case(|x, _, _| {
            let (ends, others) = (take_columns(x.clone(), &[8, 0]), take_columns(x, &[4, 1, 6]));
            join_columns(ends, &[4, 1], others, &[0, 2, 3])
        }),
        beside("concatenate", SAMPLES * 4).case(|x, _, arrays| {
            let (_, tape) = x.clone().split_tape();
            let right = tape.watch(&arrays[0]).reshape_like(&(SAMPLES, 4));
            concatenate(x, right)
        }),
        beside("stack", 30 * 9).case(|x, _, arrays| {
            let (_, tape) = x.clone().split_tape();
            let below = tape.watch(&arrays[0]).reshape_like(&(30usize, 9usize));
            stack(x, below)
        }),
        rows("unstack").case(|x, _, _| {
            let (top, bottom) = unstack(x, 60, (60usize, 9usize), (SAMPLES - 60, 9usize));
            // The other way round, so that both parts move.
            stack(bottom, top)
        }),
        rows("repeat").case(|x, _, _| repeat(x, 3)),
        rows("take_rows").case(|x, _, _| take_rows(x, &[66, 0, 3, 3, 12])),
        Operation::new("scale", SAMPLES, 9)
            .array(1, 1)
            .case(|x, _, arrays| scale(x, &arrays[0], true)),
        Operation::new("stretch", SAMPLES, 9)
            .array(9, 0)
            .case(|x, _, arrays| stretch(x, &arrays[0], true)),
        Operation::new("confine", SAMPLES, 9).case(|x, primal, _| {
            let y = take_columns(x.clone(), &[2]);
            confine(y, x, primal, 0.75)
        }),
    ]
}
