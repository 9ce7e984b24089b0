//! Operations on images.

use ebm_core::device::values;
use ebm_core::dfdx::prelude::*;
use ebm_core::kernels::batch_norm::{BatchNorm, Statistics, batch_norm, statistics};
use ebm_core::kernels::channel_shift::channel_shift;
use ebm_core::kernels::conv::{Conv, ConvTranspose, conv, conv_transpose};
use ebm_core::kernels::resample::{average_pool, up_sample};
use ebm_core::kernels::sum_pool::sum_pool;
use ebm_core::kernels::{Ending, Extent};
use ebm_core::tape::SharedTape;

use crate::selftest::case::{Case, OPERATION};
use crate::selftest::figures::Compared;
use crate::selftest::numbers::scaled;
use crate::selftest::operation::{Operation, doubles, matrix, vector};

/// A convolution of square images, or a transposed one.
#[derive(Clone, Copy)]
struct Window {
    side: usize,
    channels: usize,
    outputs: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
    /// Pixels added by a transposed one.
    added: usize,
    ending: Ending,
}

/// Of `side` and channels in and out, with kernel, stride and padding.
const fn window(
    [side, channels, outputs]: [usize; 3],
    [kernel, stride, padding]: [usize; 3],
    ending: Ending,
) -> Window {
    Window {
        side,
        channels,
        outputs,
        kernel,
        stride,
        padding,
        added: 0,
        ending,
    }
}

/// Few channels out of many go another way.
const CONVS: [Window; 6] = [
    window([9, 3, 5], [3, 1, 1], Ending::Leaky(0.25)),
    window([8, 20, 24], [4, 2, 1], Ending::Tanh),
    window([8, 24, 3], [3, 1, 1], Ending::Identity),
    window([7, 5, 6], [3, 2, 0], Ending::Leaky(0.0)),
    window([6, 8, 8], [1, 1, 0], Ending::Identity),
    window([16, 32, 48], [3, 1, 1], Ending::Leaky(0.125)),
];

const TRANSPOSED: [Window; 4] = [
    window([4, 24, 20], [4, 2, 1], Ending::Leaky(0.25)),
    Window {
        added: 1,
        ..window([3, 5, 3], [3, 2, 1], Ending::Tanh)
    },
    window([5, 6, 7], [3, 1, 1], Ending::Identity),
    window([8, 48, 32], [4, 2, 1], Ending::Leaky(0.0)),
];

impl Window {
    fn inputs(&self) -> Extent {
        Extent::new(self.side, self.side, self.channels)
    }

    fn operation(&self, name: &str) -> Operation {
        let (inputs, weights) = (self.inputs(), self.outputs * self.kernel * self.kernel * self.channels);
        let of = format!(
            "{name}: {inputs} to {}, kernel {}, stride {}, padding {}",
            self.outputs, self.kernel, self.stride, self.padding
        );
        Operation::new(of, 3, inputs.len())
            .array(weights, -3)
            .array(self.outputs, -1)
    }

    fn conv(self) -> Case {
        self.operation("conv").case(move |x, primal, arrays| {
            let layer = Conv {
                weight: arrays[0].clone(),
                bias: Some(arrays[1].clone()),
                inputs: self.inputs(),
                outputs: self.outputs,
                kernel: self.kernel,
                stride: self.stride,
                padding: self.padding,
                ending: self.ending,
                trains: true,
            };
            conv(x, primal, &layer)
        })
    }

    fn transposed(self) -> Case {
        self.operation("conv_transpose").case(move |x, primal, arrays| {
            let layer = ConvTranspose {
                weight: arrays[0].clone(),
                bias: Some(arrays[1].clone()),
                inputs: self.inputs(),
                outputs: self.outputs,
                kernel: self.kernel,
                stride: self.stride,
                padding: self.padding,
                output_padding: self.added,
                ending: self.ending,
                trains: true,
            };
            conv_transpose(x, primal, &layer)
        })
    }
}

pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = CONVS.map(Window::conv).into();
    cases.extend(TRANSPOSED.map(Window::transposed));
    // Of vectors, and of images with more pixels than are added up at once.
    for (of, pixels, channels) in [("vectors", 1, 24), ("images", 49, 20)] {
        cases.extend(normalised(of, pixels, channels));
    }
    let image = Extent::new(6, 4, 7);
    cases.push(Operation::new("up_sample", 5, image.len()).case(move |x, _, _| up_sample(x, image, 2)));
    cases.push(Operation::new("average_pool", 5, image.len()).case(move |x, _, _| average_pool(x, image, 2)));
    cases.push(Operation::new("sum_pool", 5, image.len()).case(move |x, _, _| sum_pool(x, image)));
    let shift = Operation::new("channel_shift: of every image", 5, image.len()).array(3 * 5 * 7, 0);
    cases.push(shift.case(|x, primal, arrays| {
        let (_, tape) = x.clone().split_tape();
        let rows = arrays[0].shape().0 / 7;
        channel_shift(x, tape.watch(&arrays[0]).reshape_like(&(rows, 7)), primal)
    }));
    let shift = Operation::new("channel_shift: of all images", 5, image.len()).array(7, 0);
    cases.push(shift.case(|x, primal, arrays| {
        let (_, tape) = x.clone().split_tape();
        channel_shift(x, tape.watch(&arrays[0]).reshape_like(&(1, 7)), primal)
    }));
    cases
}

fn normalised(of: &'static str, pixels: usize, channels: usize) -> [Case; 3] {
    let operation = |what: &str, tangents| {
        Operation::new(format!("batch_norm: {of}, {what}"), 37, pixels * channels)
            .tangents(tangents)
            .array(channels, 0)
            .array(channels, 0)
    };
    let above_one = scaled(&format!("{of}/variance"), channels, -1)
        .into_iter()
        .map(|v| 1.0 + v);
    let running = Statistics {
        mean: vector(scaled(&format!("{of}/mean"), channels, -2)),
        variance: vector(above_one.collect()),
    };
    [
        operation("running statistics", 2).case(move |x, primal, arrays| {
            let layer = BatchNorm {
                statistics: &running,
                of_this_batch: false,
                gamma: &arrays[0],
                beta: &arrays[1],
                ending: Ending::Leaky(0.25),
                trains: true,
            };
            batch_norm(x, primal, layer)
        }),
        operation("batch statistics", 0).case(move |x, primal, arrays| {
            let own = statistics(&x, channels);
            let layer = BatchNorm {
                statistics: &own,
                of_this_batch: true,
                gamma: &arrays[0],
                beta: &arrays[1],
                ending: Ending::Tanh,
                trains: true,
            };
            batch_norm(x, primal, layer)
        }),
        Case::new(format!("kernel statistics: {of}"), OPERATION, move || {
            let x = matrix(&format!("statistics/{of}"), 37, pixels * channels);
            let found = statistics(&SharedTape::off().watch(&x), channels);
            let found = [doubles(values(&found.mean)), doubles(values(&found.variance))];
            vec![(Compared::Value, found.concat())]
        }),
    ]
}
