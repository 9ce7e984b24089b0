//! The cases of the self-test.

use super::{Conv, conv, conv_transpose};
use crate::device::PerSample;
use crate::epilogue::Epilogue;
use crate::image::Extent;
use crate::selftest::{Case, Operation};

crate::selftest_cases!(cases);

/// A convolution of square images, or a transposed one: side, channels in and out; kernel, stride, padding.
type Shape = ([usize; 3], [usize; 3], Epilogue);

/// Few channels out of many go another way.
const CONVS: [Shape; 6] = [
    ([9, 3, 5], [3, 1, 1], Epilogue::Leaky(0.25)),
    ([8, 20, 24], [4, 2, 1], Epilogue::Tanh),
    ([8, 24, 3], [3, 1, 1], Epilogue::Identity),
    ([7, 5, 6], [3, 2, 0], Epilogue::Leaky(0.0)),
    ([6, 8, 8], [1, 1, 0], Epilogue::Identity),
    ([16, 32, 48], [3, 1, 1], Epilogue::Leaky(0.125)),
];

/// The last number: pixels added.
const TRANSPOSED: [(Shape, usize); 4] = [
    (([4, 24, 20], [4, 2, 1], Epilogue::Leaky(0.25)), 0),
    (([3, 5, 3], [3, 2, 1], Epilogue::Tanh), 1),
    (([5, 6, 7], [3, 1, 1], Epilogue::Identity), 0),
    (([8, 48, 32], [4, 2, 1], Epilogue::Leaky(0.0)), 0),
];

fn operation(name: &str, ([side, channels, outputs], [kernel, stride, padding], epilogue): Shape) -> Operation {
    let inputs = Extent::new(side, side, channels);
    let of = format!("{name}: {inputs} to {outputs}, kernel {kernel}, stride {stride}, padding {padding}");
    let weights = outputs * kernel * kernel * channels;
    let operation = Operation::new(of, 3, inputs.len()).kinked(matches!(epilogue, Epilogue::Leaky(_)));
    operation.array(weights, -3).array(outputs, -1)
}

fn layer(([side, channels, outputs], [kernel, stride, padding], epilogue): Shape, arrays: &[PerSample]) -> Conv {
    Conv {
        weight: arrays[0].clone(),
        bias: Some(arrays[1].clone()),
        inputs: Extent::new(side, side, channels),
        outputs,
        kernel,
        stride,
        padding,
        epilogue,
        trains: true,
    }
}

fn cases() -> Vec<Case> {
    let of_conv =
        |shape| operation("conv", shape).case(move |x, primal, arrays| conv(x, primal, &layer(shape, arrays)));
    let of_transposed = |(shape, output_padding)| {
        operation("conv_transpose", shape).case(move |x, primal, arrays| {
            let ([side, channels, outputs], ..) = shape;
            let inputs = Extent::new(side, side, channels);
            let layer = layer(shape, arrays).transposed(inputs, outputs, output_padding);
            conv_transpose(x, primal, &layer)
        })
    };
    CONVS.map(of_conv).into_iter().chain(TRANSPOSED.map(of_transposed)).collect()
}
