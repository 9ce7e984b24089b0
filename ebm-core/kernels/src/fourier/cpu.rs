use crate::buffers::read;
use crate::math::sin_cos;
use crate::prelude::*;

/// The values that the backward pass needs: sines, cosines, and the derivatives of the angles along the tangents.
pub type Kept = [Vec<Real>; 3];

pub fn forward(x: &Matrix, primal: usize, frequencies: &PerSample) -> (Matrix, Kept) {
    let (rows, columns) = *x.shape();
    let count = frequencies.shape().0 / columns;
    let width = columns + 2 * count;
    let x = read(x);
    let mut angles = vec![0.0; rows * count];
    let frequencies = read(frequencies);
    let factor = Factor::new(&frequencies, count, columns).transpose();
    run(|| gemm::write(Factor::new(&x, rows, columns), factor, &mut angles));
    let (angles, rates) = angles.split_at(primal * count);
    let (mut sines, mut cosines) = (vec![0.0; angles.len()], vec![0.0; angles.len()]);
    vectorised(|| {
        for ((angle, s), c) in angles.iter().zip(&mut sines).zip(&mut cosines) {
            (*s, *c) = sin_cos(*angle);
        }
    });
    let mut y = vec![0.0; rows * width];
    for (i, y) in y.chunks_exact_mut(width).enumerate() {
        let sample = (i % primal) * count..(i % primal + 1) * count;
        let (s, c) = (&sines[sample.clone()], &cosines[sample]);
        y[..columns].copy_from_slice(&x[i * columns..(i + 1) * columns]);
        let (ys, yc) = y[columns..].split_at_mut(count);
        if i < primal {
            ys.copy_from_slice(s);
            yc.copy_from_slice(c);
        } else {
            let rate = &rates[(i - primal) * count..(i - primal + 1) * count];
            for j in 0..count {
                ys[j] = c[j] * rate[j];
                yc[j] = -s[j] * rate[j];
            }
        }
    }
    (buffers::tensor(y, (rows, width)), [sines, cosines, rates.to_vec()])
}

pub fn add_vjp(gx: Out, g: In, kept: &Kept, primal: usize, frequencies: &PerSample) -> DevResult {
    let [sines, cosines, rates] = kept;
    let count = sines.len() / primal;
    let columns = frequencies.shape().0 / count;
    let (rows, width) = (gx.len() / columns, columns + 2 * count);
    // Cotangents of the angles and of their rates.
    let mut ga = vec![0.0; rows * count];
    for (i, g) in g.chunks_exact(width).enumerate() {
        let start = (i % primal) * count;
        let (gs, gc) = g[columns..].split_at(count);
        for j in 0..count {
            let (s, c) = (sines[start + j], cosines[start + j]);
            let along = gs[j] * c - gc[j] * s;
            ga[i * count + j] += along;
            if i >= primal {
                ga[start + j] -= (gs[j] * s + gc[j] * c) * rates[(i - primal) * count + j];
            }
        }
    }
    for (gx, g) in gx.chunks_exact_mut(columns).zip(g.chunks_exact(width)) {
        add(gx, &g[..columns]);
    }
    gemm::add(Factor::new(&ga, rows, count), Factor::new(&read(frequencies), count, columns), gx)
}
