//! The iteration one sample after the other.

use dfdx::prelude::*;

use super::NOISE;
use crate::buffers::{self, read};
use crate::device::{Dev, Real};
use crate::volume::gram::Gram;

type Rows<C> = Tensor<(usize, C), Real, Dev>;
type Vectors = Vec<Vec<f64>>;
/// A vector and its image under J^T J.
type Image = (Vec<f64>, Vec<f64>);

/// Where the iteration is.
pub struct Iteration<C: Dim> {
    width: C,
    /// Unit vectors, and their images.
    x: Vectors,
    ax: Vectors,
    /// Where to go from there.
    w: Vectors,
    /// The last steps, and their images.
    previous: Option<(Vectors, Vectors)>,
    /// ||J^T J|| as seen so far.
    scale: Vec<f64>,
    done: Vec<bool>,
}

impl<C: Dim> Iteration<C> {
    /// The state before the first image is known, and the vectors whose images are wanted.
    pub fn start(start: &Rows<C>) -> (Self, Rows<C>) {
        let width = start.shape().1;
        let mut x = rows(start);
        x.iter_mut().for_each(|v| normalise(v));
        let directions = tensor(&x, width);
        let state = Self {
            width,
            x,
            ax: Vec::new(),
            w: Vec::new(),
            previous: None,
            scale: Vec::new(),
            done: Vec::new(),
        };
        (state, directions)
    }

    /// The images of the start.
    pub fn take_images(&mut self, images: &Rows<C>) {
        self.ax = rows(images);
        self.scale = self.ax.iter().map(|a| norm(a)).collect();
    }

    /// Unit vectors along the residuals, whose images are wanted; nothing, if all are small.
    pub fn next_directions(&mut self, limit: f64) -> Option<Rows<C>> {
        self.w = self.x.iter().zip(&self.ax).map(|(x, a)| residual(x, a)).collect();
        self.done = self
            .w
            .iter()
            .zip(&self.scale)
            .map(|(r, s)| norm(r) <= limit * s)
            .collect();
        if self.done.iter().all(|done| *done) {
            return None;
        }
        self.w.iter_mut().for_each(|v| normalise(v));
        Some(tensor(&self.w, self.width))
    }

    /// The step to the best vector of the span of x, the residual w, whose image this is, and the step before.
    pub fn step(&mut self, images: &Rows<C>) {
        let (d, aw) = (self.width.size(), rows(images));
        let mut next = (Vec::with_capacity(self.x.len()), Vec::with_capacity(self.x.len()));
        for b in 0..self.x.len() {
            if self.done[b] {
                next.0.push(vec![0.0; d]);
                next.1.push(vec![0.0; d]);
                continue;
            }
            self.scale[b] = self.scale[b].max(norm(&aw[b]));
            // Rayleigh-Ritz on span{x, w, p}, in an orthonormal basis with its images under J^T J carried along.
            let mut basis = vec![(self.x[b].clone(), self.ax[b].clone())];
            extend(&mut basis, (self.w[b].clone(), aw[b].clone()));
            if let Some((p, ap)) = &self.previous {
                extend(&mut basis, (p[b].clone(), ap[b].clone()));
            }
            let coefficients = ritz(&basis);
            let combine = |skip: usize, part: fn(&Image) -> &Vec<f64>| -> Vec<f64> {
                let mut sum = vec![0.0; d];
                for (c, pair) in coefficients.iter().zip(&basis).skip(skip) {
                    sum.iter_mut().zip(part(pair)).for_each(|(s, v)| *s += c * v);
                }
                sum
            };
            // The conjugate direction is the step that was taken: the part of the new x outside the old one.
            next.0.push(combine(1, |pair| &pair.0));
            next.1.push(combine(1, |pair| &pair.1));
            let (new_x, new_ax) = (combine(0, |pair| &pair.0), combine(0, |pair| &pair.1));
            let length = norm(&new_x);
            self.x[b] = new_x.iter().map(|v| v / length).collect();
            self.ax[b] = new_ax.iter().map(|v| v / length).collect();
        }
        self.previous = Some(next);
    }

    /// Vectors, singular values and relative residuals.
    pub fn end(self) -> (Rows<C>, Vec<f64>, Vec<f64>) {
        let quotient = |(x, a): (&Vec<f64>, &Vec<f64>)| dot(x, a).max(0.0).sqrt();
        let values = self.x.iter().zip(&self.ax).map(quotient).collect();
        let residuals = self.x.iter().zip(&self.ax).zip(&self.scale);
        let residuals = residuals.map(|((x, a), s)| norm(&residual(x, a)) / s).collect();
        (tensor(&self.x, self.width), values, residuals)
    }
}

/// Adds a pair to an orthonormal basis, unless it depends on what is there.
fn extend(basis: &mut Vec<Image>, (mut v, mut av): Image) {
    let length = norm(&v);
    for _ in 0..2 {
        for (u, au) in basis.iter() {
            let along = dot(u, &v);
            v.iter_mut().zip(u).for_each(|(a, b)| *a -= along * b);
            av.iter_mut().zip(au).for_each(|(a, b)| *a -= along * b);
        }
    }
    let left = norm(&v);
    if left > NOISE * length && left.is_finite() {
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
    let mut vector = Gram { values: &values, d: n }.smallest().vector;
    if vector[0] < 0.0 {
        vector.iter_mut().for_each(|v| *v = -*v);
    }
    vector
}

fn residual(x: &[f64], ax: &[f64]) -> Vec<f64> {
    let quotient = dot(x, ax);
    ax.iter().zip(x).map(|(a, x)| a - quotient * x).collect()
}

fn rows<C: Dim>(tensor: &Rows<C>) -> Vectors {
    let row = |r: &[Real]| r.iter().map(|&v| f64::from(v)).collect();
    read(tensor).chunks_exact(tensor.shape().1.size()).map(row).collect()
}

fn tensor<C: Dim>(vectors: &Vectors, width: C) -> Rows<C> {
    let values = vectors.iter().flatten().map(|&v| v as Real).collect();
    buffers::tensor(values, (vectors.len(), width))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(v: &[f64]) -> f64 {
    dot(v, v).sqrt()
}

fn normalise(v: &mut [f64]) {
    let length = norm(v);
    if length > 0.0 {
        v.iter_mut().for_each(|x| *x /= length);
    } else {
        v[0] = 1.0;
    }
}
