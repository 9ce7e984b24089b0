//! Larger and smaller images: repeating every pixel, and averaging blocks of them.
//!
//! Both are linear, and each is the transpose of the other but for a factor: of `f x f` equal pixels an average is one.
//!
//! ```
//! use ebm_core::device::{Matrix, device, values};
//! # use dfdx::prelude::*;
//! use ebm_core::kernels::Extent;
//! use ebm_core::kernels::resample::{average_pool, up_sample};
//! use ebm_core::tape::SharedTape;
//!
//! let small: Matrix = device().tensor_from_vec(vec![1.0, 2.0], (1, 2));
//! let large = up_sample(SharedTape::off().watch(&small), Extent::new(1, 2, 1), 2);
//! assert_eq!(values(&large), [1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 2.0, 2.0]);
//! assert_eq!(values(&average_pool(large, Extent::new(2, 4, 1), 2)), [1.0, 2.0]);
//!
//! let square: Matrix = device().tensor_from_vec(vec![1.0, 2.0, 3.0, 6.0], (1, 4));
//! let mean = average_pool(SharedTape::off().watch(&square), Extent::new(2, 2, 1), 2);
//! assert_eq!(values(&mean), [3.0]);
//! ```

use dfdx::prelude::*;

use crate::buffers::{self, GradientBuffer, read};
use crate::device::{Matrix, Real};
use crate::kernels::image::Extent;
use crate::kernels::math::vectorised;
use crate::tape::SharedTape;

/// Every pixel of images `inputs` becomes `factor x factor` equal ones; tangents alike.
pub fn up_sample(x: Matrix<SharedTape>, inputs: Extent, factor: usize) -> Matrix<SharedTape> {
    let blocks = Blocks { coarse: inputs, factor };
    let (small, large) = (inputs.len(), blocks.fine_len());
    linear(
        x,
        (small, large),
        move |x, y| blocks.spread(x, y, 1.0),
        move |g, gx| blocks.gather(g, gx, 1.0),
    )
}

/// The mean of every `factor x factor` pixels of images `inputs`; tangents alike.
///
/// # Panics
/// If the images do not divide into such blocks.
pub fn average_pool(x: Matrix<SharedTape>, inputs: Extent, factor: usize) -> Matrix<SharedTape> {
    assert!(
        inputs.height.is_multiple_of(factor) && inputs.width.is_multiple_of(factor),
        "blocks of {factor} in {inputs}"
    );
    let coarse = Extent::new(inputs.height / factor, inputs.width / factor, inputs.channels);
    let blocks = Blocks { coarse, factor };
    let share = 1.0 / (factor * factor) as Real;
    linear(
        x,
        (inputs.len(), coarse.len()),
        move |x, y| blocks.gather(x, y, share),
        move |g, gx| blocks.spread(g, gx, share),
    )
}

/// A linear map of rows, given with its transpose; both add to what they are handed.
pub(super) fn linear(
    x: Matrix<SharedTape>,
    (inputs, outputs): (usize, usize),
    forward: impl Fn(&[Real], &mut [Real]),
    transpose: impl Fn(&[Real], &mut [Real]) + 'static,
) -> Matrix<SharedTape> {
    let (x, mut tape) = x.split_tape();
    let (rows, width) = *x.shape();
    assert_eq!(width, inputs, "the width of the rows");
    let mut y = vec![0.0; rows * outputs];
    for (x, y) in read(&x).chunks_exact(inputs).zip(y.chunks_exact_mut(outputs)) {
        forward(x, y);
    }
    let y = buffers::tensor(y, (rows, outputs));
    if tape.is_recording() {
        let (yg, xg) = (y.ghost(), x.ghost());
        tape.add_backward_op(move |gradients| {
            let g = gradients.get_or_alloc_mut(&yg)?.take()?;
            gradients.get_or_alloc_mut(&xg)?.update(|gx| {
                for (g, gx) in g.chunks_exact(outputs).zip(gx.chunks_exact_mut(inputs)) {
                    transpose(g, gx);
                }
            })
        });
    }
    y.put_tape(tape)
}

/// Coarse pixels and the blocks of fine ones that belong to them.
#[derive(Clone, Copy)]
struct Blocks {
    coarse: Extent,
    factor: usize,
}

impl Blocks {
    fn fine_len(&self) -> usize {
        self.coarse.len() * self.factor * self.factor
    }

    /// `fine += scale * coarse`
    fn spread(&self, coarse: &[Real], fine: &mut [Real], scale: Real) {
        vectorised(|| {
            self.each(|c, f| {
                let pairs = fine[f..f + self.coarse.channels].iter_mut().zip(&coarse[c..]);
                pairs.for_each(|(f, c)| *f += scale * c);
            });
        });
    }

    /// `coarse += scale * fine`
    fn gather(&self, fine: &[Real], coarse: &mut [Real], scale: Real) {
        vectorised(|| {
            self.each(|c, f| {
                let pairs = coarse[c..c + self.coarse.channels].iter_mut().zip(&fine[f..]);
                pairs.for_each(|(c, f)| *c += scale * f);
            });
        });
    }

    /// Calls `f` with where the pixels of every pair start.
    #[inline(always)]
    fn each(&self, mut f: impl FnMut(usize, usize)) {
        let Extent {
            height,
            width,
            channels,
        } = self.coarse;
        let (fine_height, fine_width) = (height * self.factor, width * self.factor);
        for y in 0..fine_height {
            for x in 0..fine_width {
                let coarse = (y / self.factor * width + x / self.factor) * channels;
                f(coarse, (y * fine_width + x) * channels);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::check::{self, Case};

    #[test]
    fn gradients_and_pushforward_agree_with_finite_differences() {
        let case = |name: &str, width| Case {
            name: name.into(),
            input: (2, width),
            arrays: vec![],
        };
        check::operation(&case("up-sampling", 12), |x, _, _| {
            up_sample(x, Extent::new(2, 3, 2), 2)
        });
        check::operation(&case("average", 48), |x, _, _| average_pool(x, Extent::new(4, 6, 2), 2));
        check::operation(&case("average of threes", 18), |x, _, _| {
            average_pool(x, Extent::new(3, 6, 1), 3)
        });
    }

    #[test]
    fn pixels_go_where_they_belong() {
        let off = SharedTape::off();
        // Two pixels a row of two channels each.
        let x = buffers::tensor(vec![1.0, 10.0, 2.0, 20.0], (1, 4));
        let large = up_sample(off.watch(&x), Extent::new(1, 2, 2), 2);
        let row = [1.0, 10.0, 1.0, 10.0, 2.0, 20.0, 2.0, 20.0];
        assert_eq!(large.as_vec(), [row, row].concat());
        assert_eq!(average_pool(large, Extent::new(2, 4, 2), 2).as_vec(), x.as_vec());
        let x = buffers::tensor((1u8..=8).map(Real::from).collect(), (1, 8));
        assert_eq!(
            average_pool(off.watch(&x), Extent::new(2, 4, 1), 2).as_vec(),
            vec![3.5, 5.5]
        );
    }
}
