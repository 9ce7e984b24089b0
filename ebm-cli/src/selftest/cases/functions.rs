//! Fourier features, monotone functions, spectral norm.

use ebm_core::device::values;
use ebm_core::kernels::columns::take_columns;
use ebm_core::kernels::fourier::fourier;
use ebm_core::kernels::monotone::{monotone, parameters_an_element};
use ebm_core::kernels::spectral::{normalised, power_iteration};
use ebm_core::kernels::sum;
use ebm_core::tape::{Parts, SharedTape, backward};

use crate::selftest::case::{Case, OPERATION};
use crate::selftest::figures::Compared;
use crate::selftest::numbers::numbers;
use crate::selftest::operation::{Operation, doubles, vector};

pub fn cases() -> Vec<Case> {
    let steps = 5;
    let width = parameters_an_element(steps);
    vec![
        // The frequencies have no gradient.
        Operation::new("fourier", 37, 3)
            .case(|x, primal, _| fourier(x, primal, &vector(numbers("frequencies", 3 * 20)))),
        Operation::new("monotone", 37, 2 + 2 * width).case(move |x, primal, _| {
            let parameters: Vec<usize> = (2..2 + 2 * width).collect();
            let (u, parameters) = (take_columns(x.clone(), &[0, 1]), take_columns(x, &parameters));
            monotone(u, parameters, primal, steps)
        }),
        Case::new("kernel power_iteration", OPERATION, || {
            let weight = vector(numbers("iterated/weight", 40 * 30));
            let pair = power_iteration(&weight, &vector(numbers("iterated/left", 40)), 3);
            let found = [doubles(values(&pair.left)), doubles(values(&pair.right))];
            vec![(Compared::Value, found.concat())]
        }),
        Case::new("kernel normalised", OPERATION, || {
            let weight = vector(numbers("normalised/weight", 40 * 30));
            let pair = power_iteration(&weight, &vector(numbers("normalised/left", 40)), 1);
            let tape = SharedTape::training(Parts::ENERGY);
            let y = normalised(&weight, &pair, &tape, true);
            let found = doubles(values(&y));
            let weights = vector(numbers("normalised/weights", 40 * 30));
            let mut gradients = backward(sum(tape.watch(&y) * tape.watch(&weights)));
            let gradient = doubles(values(&gradients.of(&weight)));
            vec![(Compared::Value, found), (Compared::InWeights, gradient)]
        }),
    ]
}
