use crate::prelude::*;

kernels! { "fourier";
    /// Coordinates, sines and cosines; below, their derivatives along the tangents.
    fn fourier_forward(rows: usize, primal: usize, columns: usize, count: usize, x: In[rows * columns], angles: In[rows * count],
        y: Out[rows * (columns + 2 * count)]) over Elements(rows * (columns + 2 * count));
    /// The cotangents of the angles, given those of the features.
    fn fourier_backward(rows: usize, primal: usize, columns: usize, count: usize, angles: In[rows * count],
        g: In[rows * (columns + 2 * count)], of_angles: Out[rows * count]) over Elements(primal * count);
    /// `gx_rc += g_rc`, where g has more columns.
    fn add_first_columns(rows: usize, columns: usize, width: usize, g: In[rows * width], gx: Out[rows * columns])
        over Elements(rows * columns);
}

/// The angles and, below, their rates, which the backward pass needs.
pub type Kept = Matrix;

pub fn forward(x: &Matrix, primal: usize, frequencies: &PerSample) -> (Matrix, Kept) {
    let (rows, columns) = *x.shape();
    let count = frequencies.shape().0 / columns;
    let angles = filled((rows, count), |angles| {
        let (x, frequencies) = (stored(x)?, stored(frequencies)?);
        let frequencies = Factor::new(frequencies.read(), count, columns);
        gemm::write(Factor::new(x.read(), rows, columns), frequencies.transpose(), angles)
    });
    let y = filled((rows, columns + 2 * count), |y| {
        let (x, angles) = (stored(x)?, stored(&angles)?);
        fourier_forward(rows, primal, columns, count, x.read(), angles.read(), y)
    });
    (y, angles)
}

pub fn add_vjp(mut gx: Out, g: &Array, angles: &Kept, primal: usize, frequencies: &PerSample) -> DevResult {
    let (rows, count) = *angles.shape();
    let columns = gx.len() / rows;
    let mut of_angles = zeros(rows * count)?;
    let (angles, frequencies, to_angles) = (stored(angles)?, stored(frequencies)?, view_mut(&mut of_angles));
    fourier_backward(rows, primal, columns, count, angles.read(), view(g), to_angles)?;
    add_first_columns(rows, columns, columns + 2 * count, view(g), gx.again())?;
    let of_angles = Factor::new(view(&of_angles), rows, count);
    gemm::add(of_angles, Factor::new(frequencies.read(), count, columns), gx)
}
