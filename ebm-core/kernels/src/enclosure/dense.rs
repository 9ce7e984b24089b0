use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};

use super::{EPSILON, Enclosure, TINY};

/// An affine map `y = W x + b` of enclosures.
#[derive(Clone, Debug)]
pub struct Affine {
    weights: Mat<f64>,
    sizes: Mat<f64>,
    bias: Vec<f64>,
    /// By how much a weight may be off, relatively.
    error: f64,
}

impl Affine {
    /// `weights` is `[outputs, inputs]`, `bias` one number for each output; `error`: the weights' own relative error.
    ///
    /// # Panics
    /// If the weights are no multiple of the biases.
    pub fn new(weights: &[f64], bias: Vec<f64>, error: f64) -> Self {
        assert!(weights.len().is_multiple_of(bias.len()), "[outputs, inputs]");
        let weights = MatRef::from_row_major_slice(weights, bias.len(), weights.len() / bias.len()).to_owned();
        let sizes = Mat::from_fn(weights.nrows(), weights.ncols(), |i, j| weights[(i, j)].abs());
        Self { weights, sizes, bias, error }
    }

    /// Number of weights.
    #[expect(clippy::len_without_is_empty, reason = "there is at least one")]
    pub fn len(&self) -> usize {
        self.weights.nrows() * self.weights.ncols()
    }

    /// An upper bound of the largest singular value: the Frobenius norm, or the geometric mean of the largest sums of columns and
    /// of rows.
    pub fn norm(&self) -> f64 {
        let (rows, columns) = (self.sizes.nrows(), self.sizes.ncols());
        let squares = (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))).map(|at| self.sizes[at].powi(2));
        let frobenius = squares.sum::<f64>().sqrt();
        let row = |i: usize| (0..columns).map(|j| self.sizes[(i, j)]).sum::<f64>();
        let column = |j: usize| (0..rows).map(|i| self.sizes[(i, j)]).sum::<f64>();
        let most = |sums: &mut dyn Iterator<Item = f64>| sums.fold(0.0, f64::max);
        let mixed = (most(&mut (0..rows).map(row)) * most(&mut (0..columns).map(column))).sqrt();
        frobenius.min(mixed) * (1.0 + self.error + (rows * columns) as f64 * EPSILON)
    }

    /// The map of every box's enclosure.
    ///
    /// # Panics
    /// If the widths differ.
    pub fn apply(&self, x: &Enclosure) -> Enclosure {
        let (inputs, outputs) = (self.weights.ncols(), self.weights.nrows());
        assert_eq!(x.width, inputs, "inputs");
        let rounding = (inputs + 4) as f64 * EPSILON + self.error;
        let mut slack = x.radius.clone();
        for (place, slack) in slack.iter_mut().enumerate() {
            let size: f64 = x.terms.iter().skip(place).step_by(x.radius.len()).map(|term| term.abs()).sum();
            *slack += rounding * size;
        }
        let product = |x: &[f64], factor: &Mat<f64>| {
            let mut y = vec![0.0; x.len() / inputs * outputs];
            let x = MatRef::from_row_major_slice(x, x.len() / inputs, inputs);
            let target = MatMut::from_row_major_slice_mut(&mut y, x.nrows(), outputs);
            matmul(target, Accum::Replace, x, factor.transpose(), 1.0, Par::Seq);
            y
        };
        let mut y = Enclosure {
            width: outputs,
            terms: product(&x.terms, &self.weights),
            radius: product(&slack, &self.sizes),
            ..*x
        };
        let radii = y.radius.chunks_exact_mut(outputs);
        for (constants, radii) in y.terms.chunks_exact_mut(outputs).zip(radii) {
            for ((constant, radius), bias) in constants.iter_mut().zip(radii).zip(&self.bias) {
                *constant += bias;
                *radius = (*radius + EPSILON * constant.abs()) * (1.0 + rounding) + TINY;
            }
        }
        y
    }
}
