use crate::prelude::*;
use crate::volume::gram::Gram;

/// A vector and its image under J^T J.
type Image = (Vec<f64>, Vec<f64>);

/// Unit vectors along the start.
pub fn start_iteration(_: usize, d: usize, start: In, x: Out<f64>, directions: Out) -> DevResult {
    widen(start, x);
    x.chunks_exact_mut(d).for_each(normalise);
    narrow(x, directions);
    Ok(())
}

/// The images of the start under `J^T J`, and their lengths.
pub fn first_images(_: usize, d: usize, images: In, ax: Out<f64>, scale: Out<f64>) -> DevResult {
    widen(images, ax);
    scale.iter_mut().zip(ax.chunks_exact(d)).for_each(|(s, a)| *s = norm(a));
    Ok(())
}

/// Unit vectors along the residuals, and which of them are done.
pub fn next_directions(
    batch: usize,
    d: usize,
    limit: f64,
    x: In<f64>,
    ax: In<f64>,
    scale: In<f64>,
    w: Out<f64>,
    directions: Out,
    done: Out<u32>,
) -> DevResult {
    for b in 0..batch {
        let own = b * d..(b + 1) * d;
        w[own.clone()].copy_from_slice(&residual(&x[own.clone()], &ax[own.clone()]));
        done[b] = u32::from(norm(&w[own.clone()]) <= limit * scale[b]);
        normalise(&mut w[own]);
    }
    narrow(w, directions);
    Ok(())
}

/// The best vector of the span of x, w and the step before, p, which is 0 where there is none.
pub fn take_step(
    batch: usize,
    d: usize,
    noise: f64,
    images: In,
    done: In<u32>,
    x: Out<f64>,
    ax: Out<f64>,
    w: Out<f64>,
    aw: Out<f64>,
    p: Out<f64>,
    ap: Out<f64>,
    scale: Out<f64>,
) -> DevResult {
    widen(images, aw);
    for b in 0..batch {
        let own = b * d..(b + 1) * d;
        let [x, ax, w, aw, p, ap] =
            [&mut *x, &mut *ax, &mut *w, &mut *aw, &mut *p, &mut *ap].map(|values| &mut values[own.clone()]);
        if done[b] != 0 {
            p.fill(0.0);
            ap.fill(0.0);
            continue;
        }
        scale[b] = scale[b].max(norm(aw));
        // Rayleigh-Ritz on span{x, w, p}, in an orthonormal basis with its images under J^T J carried along.
        let mut basis = vec![(x.to_vec(), ax.to_vec())];
        extend(&mut basis, noise, (w.to_vec(), aw.to_vec()));
        extend(&mut basis, noise, (p.to_vec(), ap.to_vec()));
        let coefficients = ritz(&basis);
        let combine = |skip: usize, part: fn(&Image) -> &Vec<f64>, to: &mut [f64]| {
            to.fill(0.0);
            for (c, pair) in coefficients.iter().zip(&basis).skip(skip) {
                to.iter_mut().zip(part(pair)).for_each(|(s, v)| *s += c * v);
            }
        };
        // The conjugate direction is the step that was taken: the part of the new x outside the old one.
        combine(1, |pair| &pair.0, p);
        combine(1, |pair| &pair.1, ap);
        combine(0, |pair| &pair.0, x);
        combine(0, |pair| &pair.1, ax);
        let length = norm(x);
        x.iter_mut().chain(ax).for_each(|v| *v /= length);
    }
    Ok(())
}

/// The vectors, their singular values and relative residuals.
pub fn end_iteration(
    batch: usize,
    d: usize,
    x: In<f64>,
    ax: In<f64>,
    scale: In<f64>,
    vectors: Out,
    values: Out<f64>,
    residuals: Out<f64>,
) -> DevResult {
    narrow(x, vectors);
    for b in 0..batch {
        let (x, ax) = (&x[b * d..(b + 1) * d], &ax[b * d..(b + 1) * d]);
        values[b] = dot(x, ax).max(0.0).sqrt();
        residuals[b] = norm(&residual(x, ax)) / scale[b];
    }
    Ok(())
}

/// Adds a pair to an orthonormal basis, unless it depends on what is there.
fn extend(basis: &mut Vec<Image>, noise: f64, (mut v, mut av): Image) {
    let length = norm(&v);
    for _ in 0..2 {
        for (u, au) in basis.iter() {
            let along = dot(u, &v);
            v.iter_mut().zip(u).for_each(|(a, b)| *a -= along * b);
            av.iter_mut().zip(au).for_each(|(a, b)| *a -= along * b);
        }
    }
    let left = norm(&v);
    if left > noise * length && left.is_finite() {
        v.iter_mut().for_each(|x| *x /= left);
        av.iter_mut().for_each(|x| *x /= left);
        basis.push((v, av));
    }
}

/// Coefficients of the smallest Ritz vector: of it and its opposite, the one that goes on from the first of the basis.
fn ritz(basis: &[Image]) -> Vec<f64> {
    let n = basis.len();
    let mut values = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let mean = 0.5 * (dot(&basis[i].0, &basis[j].1) + dot(&basis[j].0, &basis[i].1));
            values[i * n + j] = mean;
            values[j * n + i] = mean;
        }
    }
    let (_, mut vector) = Gram { values: &values, d: n }.smallest();
    if vector[0] < 0.0 {
        vector.iter_mut().for_each(|v| *v = -*v);
    }
    vector
}

fn residual(x: In<f64>, ax: In<f64>) -> Vec<f64> {
    let quotient = dot(x, ax);
    ax.iter().zip(x).map(|(a, x)| a - quotient * x).collect()
}

fn widen(from: In, to: Out<f64>) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = f64::from(*from));
}

fn narrow(from: In<f64>, to: Out) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from as Real);
}

fn dot(a: In<f64>, b: In<f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(v: In<f64>) -> f64 {
    dot(v, v).sqrt()
}

fn normalise(v: Out<f64>) {
    let length = norm(v);
    if length > 0.0 {
        v.iter_mut().for_each(|x| *x /= length);
    } else {
        v[0] = 1.0;
    }
}
