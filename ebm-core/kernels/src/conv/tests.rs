//! Both convolutions against finite differences, against each other, and against an independent implementation.

use proptest::prelude::*;

use super::*;
use crate::{row_dot, sum};

#[test]
fn derivatives_agree_with_finite_differences_also_at_the_edges() {
    for (shape, added) in [
        ((Extent::new(3, 4, 2), 3, [3, 1, 1], Epilogue::Tanh), None),
        ((Extent::new(4, 3, 2), 3, [2, 2, 0], Epilogue::Identity), None),
        ((Extent::new(5, 4, 1), 2, [4, 2, 1], Epilogue::Tanh), None),
        ((Extent::new(3, 3, 2), 2, [1, 1, 0], Epilogue::Leaky(0.1)), None),
        // The kernel is larger than the image.
        ((Extent::new(2, 1, 2), 2, [5, 2, 2], Epilogue::Identity), None),
        // Channels in fours, which a GPU moves together.
        ((Extent::new(3, 3, 4), 4, [3, 2, 1], Epilogue::Identity), None),
        // Few output channels: the other direction, mirrored.
        ((Extent::new(3, 4, 3), 1, [3, 1, 1], Epilogue::Tanh), None),
        ((Extent::new(4, 4, 3), 2, [4, 1, 1], Epilogue::Identity), None),
        ((Extent::new(2, 3, 2), 2, [4, 2, 1], Epilogue::Tanh), Some(0)),
        ((Extent::new(2, 2, 2), 2, [5, 2, 2], Epilogue::Identity), Some(1)),
        ((Extent::new(2, 2, 3), 1, [3, 3, 1], Epilogue::Leaky(0.1)), Some(2)),
        ((Extent::new(1, 1, 3), 2, [4, 1, 0], Epilogue::Tanh), Some(0)),
        ((Extent::new(2, 2, 2), 4, [3, 2, 1], Epilogue::Identity), Some(1)),
    ] {
        case(shape, added).check();
    }
}

/// Inputs and weights of the values below.
fn pattern(n: usize, times: usize, modulus: usize, offset: f64, scale: f64) -> Vec<Real> {
    (0..n).map(|i| (((times * i) % modulus) as f64 - offset) as Real / scale as Real).collect()
}

// From PyTorch 2.15 in double precision, conv2d and conv_transpose2d on tensors permuted to its channels-first order, with
// x_i = ((7 i mod 11) - 5) / 4 and W_i = ((5 i mod 13) - 6) / 8, i counted in our order.
#[test]
fn values_are_those_of_an_independent_implementation() {
    let image = |n: usize| -> Matrix { buffers::tensor(pattern(n, 7, 11, 5.0, 4.0), (1, n)) };
    let weights = |n: usize| -> PerSample { buffers::tensor(pattern(n, 5, 13, 6.0, 8.0), (n,)) };
    let off = SharedTape::off();

    let arrays = [weights(54), vector(vec![0.5, -1.0, 0.25])];
    let strided = layer((Extent::new(4, 5, 2), 3, [3, 2, 1], Epilogue::Identity), &arrays);
    let expected = [
        -0.40625, -1.71875, -2.3125, 2.53125, -0.15625, 1.125, -0.5625, -0.4375, -0.8125, -0.28125, -1.34375, 1.5625,
        2.5625, -0.3125, -0.03125, 1.1875, -1.3125, 1.375,
    ];
    check::all_close(&conv(off.watch(&image(40)), 1, &strided).as_vec(), expected, 2.5e-7);

    let spread = layer((Extent::new(2, 3, 3), 1, [3, 2, 1], Epilogue::Identity), &[weights(27), vector(vec![0.5])]);
    let expected = [
        -0.03125, -0.90625, 0.46875, 1.0625, 0.625, 0.625, -0.28125, 2.375, -0.03125, 1.90625, -0.125, 1.40625,
        0.78125, -0.84375, 0.9375, 0.78125, 1.09375, 1.40625, 0.59375, 0.09375, 1.25, -1.625, 1.21875, -0.5,
    ];
    check::all_close(&conv_transpose(off.watch(&image(18)), 1, &spread, 1).as_vec(), expected, 2.5e-7);

    let few_outputs = layer((Extent::new(3, 4, 2), 1, [3, 1, 1], Epilogue::Identity), &[weights(18)]);
    let expected =
        [0.46875, -0.46875, 1.03125, -0.5, 1.40625, -1.1875, 2.03125, 0.09375, -1.0, 1.96875, -0.625, 0.6875];
    check::all_close(&conv(off.watch(&image(24)), 1, &few_outputs).as_vec(), expected, 2.5e-7);
}

#[test]
fn a_batch_in_several_tasks_and_strips_is_the_sum_of_its_samples() {
    // 24 samples of 20 x 20 places are several strips and, on several cores, several tasks.
    let arrays = [check::array(40 * 9 * 24, 0.05, 1), check::array(40, 0.1, 2)];
    let layer = layer((Extent::new(20, 20, 24), 40, [3, 1, 1], Epilogue::Leaky(0.1)), &arrays);
    check::parts((24, 400 * 24, 400 * 40), 1, &arrays, 0.01, (1e-4, 1e-4), |x, n| conv(x, n, &layer));
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
        let size = |n| Conv::transposed_size(n, kernel, stride, padding, output_padding);
        let (Some(height), Some(width)) = (size(coarse.0), size(coarse.1)) else {
            return Ok(());
        };
        let fine = Extent::new(height, width, channels.0);
        let coarse = Extent::new(coarse.0, coarse.1, channels.1);
        let weight = check::array(coarse.channels * kernel * kernel * fine.channels, 0.3, seed);
        let of = |inputs, outputs| {
            layer((inputs, outputs, [kernel, stride, padding], Epilogue::Identity), std::slice::from_ref(&weight))
        };
        let (down, up) = (of(fine, coarse.channels), of(coarse, fine.channels));

        let (x, y) = (check::matrix(2, fine.len(), 1.0, seed + 1), check::matrix(2, coarse.len(), 1.0, seed + 2));
        let tape = SharedTape::inputs_only();
        let image = conv(tape.watch(&x), 2, &down);
        prop_assert_eq!(image.shape().1, coarse.len());
        let image_of_y = conv_transpose(SharedTape::off().watch(&y), 2, &up, output_padding);
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
