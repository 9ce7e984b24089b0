//! What is counted of a dense layer and of a convolution. Alone in its process: the count is the process's.

use ebm_core::device::Matrix;
use ebm_core::kernels::check;
use ebm_core::kernels::conv::{Conv, conv};
use ebm_core::kernels::dense::{Dense, dense};
use ebm_core::kernels::{Activation, Epilogue, Extent, flops, row_dot, sum};
use ebm_core::tape::{SharedTape, backward};

/// Operations of an operation forwards, and of its gradients.
fn counted(rows: usize, columns: usize, op: impl Fn(Matrix<SharedTape>) -> Matrix<SharedTape>) -> (u64, u64) {
    let x = check::matrix(rows, columns, 1.0, 0);
    let before = flops::done();
    let y = op(SharedTape::inputs_only().watch(&x));
    let forwards = flops::done();
    backward(sum(row_dot(y.clone(), y)));
    (forwards - before, flops::done() - forwards)
}

#[test]
fn a_product_is_two_operations_a_multiply_add_and_its_gradients_are_two_products() {
    // Narrow sides are multiplied by loops of their own; many samples are split over the cores.
    for (samples, inputs, outputs) in [(10, 30, 20), (10, 2, 20), (10, 20, 1), (5000, 40, 50)] {
        for tangents in [0, 2] {
            let layer = Dense {
                weight: check::array(outputs * inputs, 1.0, 1),
                bias: Some(check::array(outputs, 1.0, 1)),
                slope: None,
                inputs,
                outputs,
                activation: Activation::Silu,
                trains: true,
            };
            let rows = (1 + tangents) * samples;
            let found = counted(rows, inputs, |x| dense(x, samples, layer.clone()));
            let product = 2 * (rows * inputs * outputs) as u64;
            assert_eq!(found, (product, 2 * product), "{samples} samples, {inputs} to {outputs}");
        }
    }
    // 6 x 6 places, each of 3 x 3 x 4 values, to 20 channels.
    let (samples, inputs) = (7, Extent::new(6, 6, 4));
    let layer = Conv {
        weight: check::array(20 * 9 * 4, 1.0, 1),
        bias: None,
        inputs,
        outputs: 20,
        kernel: 3,
        stride: 1,
        padding: 1,
        epilogue: Epilogue::Identity,
        trains: true,
    };
    let found = counted(samples, inputs.len(), |x| conv(x, samples, &layer));
    let product = 2 * (samples * 36 * 36 * 20) as u64;
    assert_eq!(found, (product, 2 * product));
}
