//! Both convolutions against finite differences, against each other, and against an independent implementation.

use dfdx::prelude::*;
use proptest::prelude::*;

use super::{Conv, ConvTranspose, conv, conv_transpose};
use crate::buffers;
use crate::check;
use crate::device::{Matrix, PerSample, Real};
use crate::epilogue::Epilogue;
use crate::image::Extent;
use crate::tape::{SharedTape, backward, vjp};
use crate::{row_dot, sum};

fn layer(inputs: Extent, outputs: usize, (kernel, stride, padding): (usize, usize, usize), epilogue: Epilogue) -> Conv {
    Conv {
        weight: buffers::tensor(
            vec![0.0; outputs * kernel * kernel * inputs.channels],
            (outputs * kernel * kernel * inputs.channels,),
        ),
        bias: None,
        inputs,
        outputs,
        kernel,
        stride,
        padding,
        epilogue,
        trains: true,
    }
}

#[test]
fn gradients_and_pushforward_agree_with_finite_differences() {
    for (inputs, outputs, kernel, epilogue) in [
        (Extent::new(3, 4, 2), 3, (3, 1, 1), Epilogue::Tanh),
        (Extent::new(4, 3, 2), 3, (2, 2, 0), Epilogue::Identity),
        (Extent::new(5, 4, 1), 2, (4, 2, 1), Epilogue::Tanh),
        (Extent::new(3, 3, 2), 2, (1, 1, 0), Epilogue::Leaky(0.1)),
        // The kernel is larger than the image.
        (Extent::new(2, 1, 2), 2, (5, 2, 2), Epilogue::Identity),
        // Channels in fours, which a GPU moves together.
        (Extent::new(3, 3, 4), 4, (3, 2, 1), Epilogue::Identity),
        // Few output channels: the other direction, mirrored.
        (Extent::new(3, 4, 3), 1, (3, 1, 1), Epilogue::Tanh),
        (Extent::new(4, 4, 3), 2, (4, 1, 1), Epilogue::Identity),
    ] {
        if matches!(epilogue, Epilogue::Leaky(_)) && !check::RESOLVES_KINKS {
            continue;
        }
        let shape = layer(inputs, outputs, kernel, epilogue);
        let name = format!("convolution of {inputs} to {outputs} channels, {kernel:?}, {epilogue:?}");
        let arrays = [(shape.weight.shape().0, 0.3), (outputs, 0.3)];
        check::operation(&name, (2, 2, inputs.len()), &arrays, |x, primal, arrays| {
            let layer = Conv { weight: arrays[0].clone(), bias: Some(arrays[1].clone()), ..shape.clone() };
            conv(x, primal, &layer)
        });
    }
}

#[test]
fn gradients_and_pushforward_of_the_transpose_agree_with_finite_differences() {
    for (inputs, outputs, kernel, output_padding, epilogue) in [
        (Extent::new(2, 3, 2), 2, (4, 2, 1), 0, Epilogue::Tanh),
        (Extent::new(2, 2, 2), 2, (5, 2, 2), 1, Epilogue::Identity),
        (Extent::new(2, 2, 3), 1, (3, 3, 1), 2, Epilogue::Leaky(0.1)),
        (Extent::new(1, 1, 3), 2, (4, 1, 0), 0, Epilogue::Tanh),
        (Extent::new(2, 2, 2), 4, (3, 2, 1), 1, Epilogue::Identity),
    ] {
        if matches!(epilogue, Epilogue::Leaky(_)) && !check::RESOLVES_KINKS {
            continue;
        }
        // The weight of a transposed convolution is that of a convolution the other way.
        let shape = layer(Extent::new(1, 1, outputs), inputs.channels, kernel, epilogue);
        let name = format!("transposed convolution of {inputs} to {outputs} channels, {kernel:?}, {epilogue:?}");
        let arrays = [(shape.weight.shape().0, 0.3), (outputs, 0.3)];
        check::operation(&name, (2, 2, inputs.len()), &arrays, |x, primal, arrays| {
            let layer = Conv { weight: arrays[0].clone(), bias: Some(arrays[1].clone()), ..shape.clone() };
            conv_transpose(x, primal, &layer.transposed(inputs, outputs, output_padding))
        });
    }
}

/// Inputs and weights of the values below.
fn pattern(n: usize, times: usize, modulus: usize, offset: f64, scale: f64) -> Vec<Real> {
    (0..n).map(|i| (((times * i) % modulus) as f64 - offset) as Real / scale as Real).collect()
}

fn close(ours: &[Real], truth: &[f64]) {
    assert_eq!(ours.len(), truth.len());
    for (a, b) in ours.iter().zip(truth) {
        assert!((f64::from(*a) - b).abs() < 1e-6, "{ours:?} is not {truth:?}");
    }
}

// From PyTorch 2.15 in double precision, conv2d and conv_transpose2d on tensors permuted to its channels-first order, with
// x_i = ((7 i mod 11) - 5) / 4 and W_i = ((5 i mod 13) - 6) / 8, i counted in our order.
#[test]
fn values_are_those_of_an_independent_implementation() {
    let image = |n: usize| -> Matrix { buffers::tensor(pattern(n, 7, 11, 5.0, 4.0), (1, n)) };
    let weights = |n: usize| -> PerSample { buffers::tensor(pattern(n, 5, 13, 6.0, 8.0), (n,)) };
    let off = SharedTape::off();

    let strided = Conv {
        weight: weights(54),
        bias: Some(buffers::tensor(vec![0.5, -1.0, 0.25], (3,))),
        ..layer(Extent::new(4, 5, 2), 3, (3, 2, 1), Epilogue::Identity)
    };
    close(
        &conv(off.watch(&image(40)), 1, &strided).as_vec(),
        &[
            -0.40625, -1.71875, -2.3125, 2.53125, -0.15625, 1.125, -0.5625, -0.4375, -0.8125, -0.28125, -1.34375,
            1.5625, 2.5625, -0.3125, -0.03125, 1.1875, -1.3125, 1.375,
        ],
    );

    let spread = Conv {
        weight: weights(27),
        bias: Some(buffers::tensor(vec![0.5], (1,))),
        ..layer(Extent::vector(1), 3, (3, 2, 1), Epilogue::Identity)
    };
    let spread = spread.transposed(Extent::new(2, 3, 3), 1, 1);
    close(
        &conv_transpose(off.watch(&image(18)), 1, &spread).as_vec(),
        &[
            -0.03125, -0.90625, 0.46875, 1.0625, 0.625, 0.625, -0.28125, 2.375, -0.03125, 1.90625, -0.125, 1.40625,
            0.78125, -0.84375, 0.9375, 0.78125, 1.09375, 1.40625, 0.59375, 0.09375, 1.25, -1.625, 1.21875, -0.5,
        ],
    );

    let few_outputs = Conv { weight: weights(18), ..layer(Extent::new(3, 4, 2), 1, (3, 1, 1), Epilogue::Identity) };
    close(
        &conv(off.watch(&image(24)), 1, &few_outputs).as_vec(),
        &[0.46875, -0.46875, 1.03125, -0.5, 1.40625, -1.1875, 2.03125, 0.09375, -1.0, 1.96875, -0.625, 0.6875],
    );
}

#[test]
fn a_batch_in_several_tasks_and_strips_is_the_sum_of_its_samples() {
    // 24 samples of 20 x 20 places are several strips and, on several cores, several tasks.
    let shape = layer(Extent::new(20, 20, 24), 40, (3, 1, 1), Epilogue::Leaky(0.1));
    let layer =
        Conv { weight: check::array(shape.weight.shape().0, 0.05, 1), bias: Some(check::array(40, 0.1, 2)), ..shape };
    let (inputs, outputs, rows) = (400 * 24, 400 * 40, 24);
    let x = check::array(rows * inputs, 1.0, 3).as_vec();
    let weights = check::array(rows * outputs, 0.01, 4).as_vec();
    let run = |rows: std::ops::Range<usize>| {
        let n = rows.len();
        let x: Matrix = buffers::tensor(x[rows.start * inputs..rows.end * inputs].to_vec(), (n, inputs));
        let c: Matrix = buffers::tensor(weights[rows.start * outputs..rows.end * outputs].to_vec(), (n, outputs));
        let y = conv(SharedTape::inputs_only().watch(&x), n, &layer);
        let values = y.as_vec();
        let mut gradients = vjp(y, &c);
        [values, gradients.of(&x).as_vec(), gradients.of(&layer.weight).as_vec()]
    };
    let whole = run(0..rows);
    let parts: Vec<_> = (0..rows).map(|r| run(r..r + 1)).collect();
    let near = |a: Real, b: Real| assert!((a - b).abs() < 1e-4 * (1.0 + b.abs()), "{a} {b}");
    for which in 0..2 {
        let apart = parts.iter().flat_map(|p| &p[which]);
        whole[which].iter().zip(apart).for_each(|(a, b)| near(*a, *b));
    }
    for (i, total) in whole[2].iter().enumerate() {
        near(*total, parts.iter().map(|p| p[2][i]).sum());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// `<conv x, y> = <x, transposed conv y>` for every size, stride and padding, and the gradient of the one is the other.
    #[test]
    fn the_two_convolutions_are_each_others_transposes(
        (coarse, channels) in ((1usize..5, 1usize..5), (1usize..20, 1usize..20)),
        kernel in 1usize..6,
        stride in 1usize..4,
        padding in 0usize..6,
        output_padding in 0usize..4,
        seed in 0u64..1000,
    ) {
        let (padding, output_padding) = (padding % kernel, output_padding % stride);
        let size = |n| ConvTranspose::size(n, kernel, stride, padding, output_padding);
        let (Some(height), Some(width)) = (size(coarse.0), size(coarse.1)) else {
            return Ok(());
        };
        let fine = Extent::new(height, width, channels.0);
        let coarse = Extent::new(coarse.0, coarse.1, channels.1);
        let shape = layer(fine, coarse.channels, (kernel, stride, padding), Epilogue::Identity);
        let down = Conv { weight: check::array(shape.weight.shape().0, 0.3, seed), ..shape };
        let up = down.transposed(coarse, fine.channels, output_padding);

        let (x, y) = (check::matrix(2, fine.len(), 1.0, seed + 1), check::matrix(2, coarse.len(), 1.0, seed + 2));
        let tape = SharedTape::inputs_only();
        let image = conv(tape.watch(&x), 2, &down);
        prop_assert_eq!(image.shape().1, coarse.len());
        let image_of_y = conv_transpose(SharedTape::off().watch(&y), 2, &up);
        let product = sum(row_dot(image, tape.watch(&y)));
        let other = sum(row_dot(SharedTape::off().watch(&x), image_of_y.clone())).array();
        let tolerance = if cfg!(feature = "f64") { 1e-10 } else { 1e-3 };
        let (a, b) = (f64::from(product.array()), f64::from(other));
        prop_assert!((a - b).abs() < tolerance * (1.0 + a.abs() + (coarse.len() * kernel) as f64), "{} {}", a, b);
        for (g, t) in backward(product).of(&x).as_vec().into_iter().zip(image_of_y.as_vec()) {
            prop_assert!(f64::from((g - t).abs()) < tolerance * (1.0 + f64::from(t.abs())), "{} {}", g, t);
        }
    }
}
