use crate::prelude::*;

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
    fn row_dot(rows: usize, columns: usize, a: In[rows * columns], b: In[rows * columns], y: Out[rows]) over Rows(rows, columns);
    fn add_scaled_rows(rows: usize, columns: usize, factors: In[rows], x: In[rows * columns], y: Out[rows * columns])
        over Elements(rows * columns);
}

/// `y += sum_i a_i b_i` of arrays of any length.
pub(crate) fn add_dot(a: In, b: In, y: Out) -> DevResult {
    let parts = parts_of(a.len());
    let mut sums = zeros::<f64>(parts)?;
    part_products(a.len(), parts, a, b, view_mut(&mut sums))?;
    add_total(parts, view(&sums), y)
}

/// The number of parts to add up `n` elements in.
pub(crate) fn parts_of(n: usize) -> usize {
    n.div_ceil(SHORTEST).clamp(1, PARTS)
}
