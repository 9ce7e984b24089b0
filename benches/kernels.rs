//! Each kernel, forward and backward, at the sizes of the toy problems: 200 samples with two tangents, 128 wide.
//!
//! `cargo bench -p ebm-tests --bench kernels`

use divan::Bencher;
use ebm_core::device::{Matrix, PerSample, Real, device};
use ebm_core::geometry::Fixed;
use ebm_core::kernels::batch_norm::{BatchNorm, Statistics, batch_norm, statistics};
use ebm_core::kernels::check;
use ebm_core::kernels::columns::{join_columns, take_columns};
use ebm_core::kernels::confine::confine;
use ebm_core::kernels::dense::{Dense, dense};
use ebm_core::kernels::fourier::fourier;
use ebm_core::kernels::monotone::monotone;
use ebm_core::kernels::rows::{stack, unstack};
use ebm_core::kernels::scale::scale;
use ebm_core::kernels::spectral::{normalised, power_iteration};
use ebm_core::kernels::stretch::stretch;
use ebm_core::kernels::{Activation, Epilogue, row_dot, sum};
use ebm_core::parameter::Module;
use ebm_core::random::Random;
use ebm_core::tape::{SharedTape, backward};
use ebm_models::mlp::{MlpEnergy, MlpEnergyConfig};
use ebm_train::optim::{Adam, AdamConfig, Gradient, Optimizer};

use dfdx::prelude::*;

const SAMPLES: usize = 200;
const ROWS: usize = 3 * SAMPLES;
const WIDTH: usize = 128;

// Part of what is measured.
#[global_allocator]
static ALLOCATOR: ebm_cli::Allocator = ebm_cli::Allocator;

fn main() {
    ebm_core::kernels::parallel::join_pool();
    divan::main();
}

fn array(n: usize) -> PerSample {
    check::array(n, 0.1, n as u64)
}

fn matrix(rows: usize, columns: usize) -> Matrix {
    check::matrix(rows, columns, 0.1, 1)
}

/// Forward and backward through one operation.
fn both(bencher: Bencher, rows: usize, columns: usize, op: impl Fn(Matrix<SharedTape>) -> Matrix<SharedTape>) {
    let x = matrix(rows, columns);
    bencher.bench_local(|| {
        let y = op(SharedTape::inputs_only().watch(&x));
        backward(sum(row_dot(y.clone(), y))).of(&x)
    });
}

fn layer(activation: Activation) -> Dense {
    Dense {
        weight: array(WIDTH * WIDTH),
        bias: Some(array(WIDTH)),
        slope: (activation == Activation::Prelu).then(|| array(1)),
        inputs: WIDTH,
        outputs: WIDTH,
        activation,
        trains: true,
    }
}

#[divan::bench(args = [
    Activation::Identity, Activation::Relu, Activation::LeakyRelu, Activation::Prelu,
    Activation::Silu, Activation::Softplus, Activation::Tanh,
])]
fn dense_layer(bencher: Bencher, activation: Activation) {
    let layer = layer(activation);
    both(bencher, ROWS, WIDTH, |x| dense(x, SAMPLES, layer.clone()));
}

fn normalised_by(statistics: &Statistics, of_this_batch: bool, x: Matrix<SharedTape>) -> Matrix<SharedTape> {
    let (gamma, beta) = (array(WIDTH), array(WIDTH));
    let layer =
        BatchNorm { statistics, of_this_batch, gamma: &gamma, beta: &beta, epilogue: Epilogue::Identity, trains: true };
    batch_norm(x, SAMPLES, layer)
}

#[divan::bench]
fn batch_norm_running(bencher: Bencher) {
    let running = Statistics {
        mean: device().tensor_from_vec(vec![0.0; WIDTH], (WIDTH,)),
        variance: device().tensor_from_vec(vec![1.0; WIDTH], (WIDTH,)),
    };
    both(bencher, ROWS, WIDTH, |x| normalised_by(&running, false, x));
}

#[divan::bench]
fn batch_norm_of_batch(bencher: Bencher) {
    both(bencher, SAMPLES, WIDTH, |x| {
        let own = statistics(&x, WIDTH);
        normalised_by(&own, true, x)
    });
}

#[divan::bench]
fn fourier_features(bencher: Bencher) {
    let frequencies = array(2 * 64);
    both(bencher, ROWS, 2, |x| fourier(x, SAMPLES, &frequencies));
}

#[divan::bench]
fn monotone_function(bencher: Bencher) {
    let parameters = matrix(ROWS, 37);
    both(bencher, ROWS, 1, |u| monotone(u, SharedTape::off().watch(&parameters), SAMPLES, 12));
}

#[divan::bench]
fn stack_and_unstack(bencher: Bencher) {
    let below = matrix(2 * SAMPLES, WIDTH);
    both(bencher, SAMPLES, WIDTH, |x| {
        let rows = stack(x, SharedTape::off().watch(&below));
        unstack(rows, SAMPLES, (SAMPLES, WIDTH), (2 * SAMPLES, WIDTH)).0
    });
}

#[divan::bench]
fn columns(bencher: Bencher) {
    both(bencher, ROWS, 2, |x| join_columns(take_columns(x.clone(), &[0]), &[1], take_columns(x, &[1]), &[0]));
}

#[divan::bench]
fn confinement(bencher: Bencher) {
    let y = matrix(ROWS, 1);
    both(bencher, ROWS, 2, |x| confine(SharedTape::off().watch(&y), x, SAMPLES, 1.0 as Real));
}

#[divan::bench]
fn output_scale(bencher: Bencher) {
    let factor = array(1);
    both(bencher, ROWS, 1, |x| scale(x, &factor, true));
}

#[divan::bench]
fn column_stretch(bencher: Bencher) {
    let logarithms = array(2);
    both(bencher, ROWS, 2, |x| stretch(x, &logarithms, true));
}

#[divan::bench]
fn spectral_norm(bencher: Bencher) {
    let (weight, left) = (array(WIDTH * WIDTH), array(WIDTH));
    bencher.bench_local(|| {
        let pair = power_iteration(&weight, &left, 1);
        normalised(&weight, &pair, &SharedTape::off(), false)
    });
}

#[divan::bench]
fn adam(bencher: Bencher) {
    let mut model = MlpEnergy::new(Fixed::<2, 2>, &MlpEnergyConfig::default(), Random::new(1));
    let mut adam = Adam::new(AdamConfig::default(), &model);
    let gradients: Vec<Vec<Real>> = model.parameters().iter().map(|p| vec![0.1; p.len()]).collect();
    let gradient = Gradient::from_host(&gradients);
    bencher.bench_local(|| adam.update(&mut model, &gradient, 1.0, 1.0));
}
