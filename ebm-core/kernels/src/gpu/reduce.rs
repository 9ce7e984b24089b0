//! Kernels that add up.

use super::{In, Out, kernels, zeros};
use crate::device::DevError;

/// Parts that a long sum is made of: enough blocks to fill a GPU. The same for every device, as they decide the order of the sum.
const PARTS: usize = 512;
/// Elements a part has at least.
const SHORTEST: usize = 4096;

kernels! { "reduce";
    /// `y = scale sum_i x_i`, added up in double precision by one block: for a number a sample, not for an array of weights.
    fn scaled_sum(n: usize, scale: f64, x: In[n], y: Out[1]) over Rows(1, n);
    /// `sums_p = sum a_i b_i` over part `p` of so many equal parts.
    fn part_products(n: usize, parts: usize, a: In[n], b: In[n], sums: Out<f64>[parts]) over Rows(parts, n);
    /// `y += sum_p sums_p`
    fn add_total(parts: usize, sums: In<f64>[parts], y: Out[1]) over Rows(1, parts);
    /// `y_r = sum_c a_rc b_rc`
    fn row_dot(rows: usize, columns: usize, a: In[rows * columns], b: In[rows * columns], y: Out[rows]) over Rows(rows, columns);
    /// `y_rc += factors_r x_rc`
    fn add_scaled_rows(rows: usize, columns: usize, factors: In[rows], x: In[rows * columns], y: Out[rows * columns])
        over Elements(rows * columns);
}

/// `y += sum_i a_i b_i` of arrays of any length.
///
/// # Errors
/// If the device refuses.
pub(crate) fn add_dot(a: In, b: In, y: Out) -> Result<(), DevError> {
    let parts = parts_of(a.len());
    let mut sums = zeros::<f64>(parts)?;
    part_products(a.len(), parts, a, b, Out::of(&mut sums))?;
    add_total(parts, In::of(&sums), y)
}

/// How many parts to add up `n` elements in.
pub(crate) fn parts_of(n: usize) -> usize {
    n.div_ceil(SHORTEST).clamp(1, PARTS)
}

#[cfg(all(test, not(feature = "cuda")))]
mod tests {
    use super::*;
    use crate::device::Real;
    use crate::gpu::upload;

    #[test]
    fn a_long_sum_is_that_of_its_parts() {
        // Three parts, the last one shorter, added to what was there.
        let n = 2 * SHORTEST + 5;
        let a = upload::<Real>((1..=n).map(|i| (i % 8) as Real).collect()).unwrap();
        let b = upload::<Real>(vec![2.0; n]).unwrap();
        let mut y = upload::<Real>(vec![10.0]).unwrap();
        add_dot(In::of(&a), In::of(&b), Out::of(&mut y)).unwrap();
        let truth: usize = (1..=n).map(|i| 2 * (i % 8)).sum();
        assert_eq!(**y, [10.0 + truth as Real]);
    }
}
