//! Bounds of `v' ln(I + J'J / sigma^2) v` from a few products with J and its transpose.
//!
//! Golub-Kahan bidiagonalisation from v gives orthonormal columns V_k, U_k with `J V_k = U_k B_k` and B_k upper bidiagonal, so
//! that `B_k' B_k` is the matrix of k steps of Lanczos on J'J, positive semidefinite whatever rounding does. B'_k is B_k with one
//! more column, which has the last off-diagonal entry. With unit vectors v and e_1:
//!
//! ```text
//! e_1' ln(I + B_k' B_k / sigma^2) e_1       k nodes of Gauss: never below
//! the same with B'_k in place of B_k        one more node of Radau, at the floor 1 of the spectrum: never above, for every k
//! ```
//!
//! B'_k has more columns than rows, so that its Gram matrix has the eigenvalue 0: the node at 1. The signs are those of the even
//! and the odd derivatives of ln (Golub and Meurant, "Matrices, moments and quadrature", 1994). The remainder of Radau's rule has
//! the factor x - 1, which is not negative on the spectrum.

use ebm_core::prelude::Real;

/// The bidiagonal matrix of one row.
#[derive(Clone, Debug, Default)]
struct Bidiagonal {
    /// k entries.
    diagonal: Vec<f64>,
    /// The k entries to the right of them, the last one that of B'_k.
    above: Vec<f64>,
}

/// The bidiagonalisations of several rows, each with a J of its own.
pub(crate) struct Krylov {
    matrices: Vec<Bidiagonal>,
    /// V_k: k arrays `[rows, d]`.
    basis: Vec<Vec<f64>>,
}

/// What the rules give of a row, for a unit vector v.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rules {
    /// Gauss-Radau's value, never above the exact one.
    pub lower: f64,
    /// Gauss's value, never below the exact one.
    pub upper: f64,
    /// `(I + J'J / sigma^2)^-1 v` `[d]`, as found in the space of V_k.
    pub solution: Vec<f64>,
}

impl Krylov {
    /// `steps` steps from `start` `[rows, d]`, which is scaled to length 1. `forward` makes `J v` `[rows, D]` of `[rows, d]`, and
    /// `adjoint` `J' u` of that. Every vector is made orthogonal to all before, and where nothing is left of one, the row ends.
    pub fn new(
        mut start: Vec<f64>,
        rows: usize,
        steps: usize,
        mut forward: impl FnMut(&[f64]) -> Vec<f64>,
        mut adjoint: impl FnMut(&[f64]) -> Vec<f64>,
    ) -> Self {
        let mut largest = vec![0.0; rows];
        orthonormalise(&mut start, &[], &mut largest);
        largest.fill(0.0);
        let (mut right, mut left) = (vec![start], Vec::new());
        let mut matrices = vec![Bidiagonal::default(); rows];
        for step in 0..steps {
            let mut u = forward(&right[step]);
            let diagonal = orthonormalise(&mut u, &left, &mut largest);
            let mut v = adjoint(&u);
            left.push(u);
            let above = orthonormalise(&mut v, &right, &mut largest);
            right.push(v);
            for (matrix, (diagonal, above)) in matrices.iter_mut().zip(diagonal.into_iter().zip(above)) {
                matrix.diagonal.push(diagonal);
                matrix.above.push(above);
            }
        }
        right.pop();
        Self { matrices, basis: right }
    }

    /// The rules of a row; NaN where a product was not finite.
    pub fn rules(&self, row: usize, sigma: f64) -> Rules {
        let (matrix, k) = (&self.matrices[row], self.basis.len());
        let (gauss, radau) = (matrix.spectrum(k, sigma), matrix.spectrum(k + 1, sigma));
        let value = |spectrum: &[Ritz]| -> f64 {
            spectrum.iter().map(|ritz| ritz.first() * ritz.first() * ritz.value.ln_1p()).sum()
        };
        let coefficient = |step: usize| -> f64 {
            gauss.iter().map(|ritz| ritz.first() * ritz.vector[step] / (1.0 + ritz.value)).sum()
        };
        let d = self.basis.first().map_or(0, |v| v.len() / self.matrices.len().max(1));
        let mut solution = vec![0.0; d];
        for (step, v) in self.basis.iter().enumerate() {
            let factor = coefficient(step);
            solution.iter_mut().zip(&v[row * d..][..d]).for_each(|(x, v)| *x += factor * v);
        }
        Rules { lower: value(&radau), upper: value(&gauss), solution }
    }
}

/// An eigenvalue with its unit eigenvector.
struct Ritz {
    value: f64,
    vector: Vec<f64>,
}

impl Ritz {
    fn first(&self) -> f64 {
        self.vector[0]
    }
}

impl Bidiagonal {
    /// The eigenvalues and vectors of `B'B / sigma^2`, of the first `columns` columns.
    fn spectrum(&self, columns: usize, sigma: f64) -> Vec<Ritz> {
        let mut gram = vec![0.0; columns * columns];
        for (i, (diagonal, above)) in self.diagonal.iter().zip(&self.above).enumerate() {
            let (a, b) = (diagonal / sigma, above / sigma);
            gram[i * columns + i] += a * a;
            if i + 1 < columns {
                gram[i * columns + i + 1] = a * b;
                gram[(i + 1) * columns + i] = a * b;
                gram[(i + 1) * columns + i + 1] = b * b;
            }
        }
        if columns == 1 {
            return vec![Ritz { value: gram[0], vector: vec![1.0] }];
        }
        let matrix = faer::MatRef::from_row_major_slice(&gram[..], columns, columns);
        let eigen = gram.iter().all(|v| v.is_finite()).then(|| matrix.self_adjoint_eigen(faer::Side::Lower));
        let Some(Ok(eigen)) = eigen else {
            return vec![Ritz { value: f64::NAN, vector: vec![f64::NAN; columns] }];
        };
        let values = eigen.S().column_vector();
        let vector = |i: usize| (0..columns).map(|row| eigen.U()[(row, i)]).collect();
        // Rounding may put the eigenvalue 0 below.
        (0..columns).map(|i| Ritz { value: values[i].max(0.0), vector: vector(i) }).collect()
    }
}

/// Makes each row of `x` orthogonal to the same row of all `before`, and scales it to length 1. Returns what the lengths were; a
/// row whose length is that of rounding errors becomes 0, and has the length 0. `largest` has the largest length of each row so far.
fn orthonormalise(x: &mut [f64], before: &[Vec<f64>], largest: &mut [f64]) -> Vec<f64> {
    let width = (x.len() / largest.len().max(1)).max(1);
    let one = |(row, (x, largest)): (usize, (&mut [f64], &mut f64))| {
        // Twice is enough (Kahan and Parlett).
        for _ in 0..2 {
            for earlier in before {
                let earlier = &earlier[row * width..][..width];
                let dot: f64 = x.iter().zip(earlier).map(|(a, b)| a * b).sum();
                x.iter_mut().zip(earlier).for_each(|(a, b)| *a -= dot * b);
            }
        }
        let length = x.iter().map(|v| v * v).sum::<f64>().sqrt();
        if length <= f64::from(Real::EPSILON) * *largest {
            x.fill(0.0);
            return 0.0;
        }
        *largest = largest.max(length);
        if length > 0.0 {
            x.iter_mut().for_each(|v| *v /= length);
        }
        length
    };
    x.chunks_mut(width).zip(largest).enumerate().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::random::Random;
    use proptest::prelude::*;

    /// `J = U diag(s) V'` `[D, d]` row-major, with random orthogonal U and V.
    fn matrix(singular: &[f64], wide: usize, seed: u64) -> Vec<f64> {
        let d = singular.len();
        let frame = |rows: usize, columns: usize, stream: &str| -> Vec<Vec<f64>> {
            let mut found: Vec<Vec<f64>> = Vec::new();
            for column in 0..columns {
                let draws = Random::new(seed).stream(stream).at(column as u64).normals(rows);
                let mut x: Vec<f64> = draws.into_iter().map(f64::from).collect();
                orthonormalise(&mut x, &found, &mut [0.0]);
                found.push(x);
            }
            found
        };
        let rank = d.min(wide);
        let (u, v) = (frame(wide, rank, "u"), frame(d, rank, "v"));
        let entry = |i: usize, j: usize| (0..rank).map(|k| singular[k] * u[k][i] * v[k][j]).sum();
        (0..wide * d).map(|ij| entry(ij / d, ij % d)).collect()
    }

    fn times(j: &[f64], d: usize, v: &[f64]) -> Vec<f64> {
        j.chunks(d).map(|row| row.iter().zip(v).map(|(a, b)| a * b).sum()).collect()
    }

    fn transposed(j: &[f64], d: usize, u: &[f64]) -> Vec<f64> {
        (0..d).map(|k| j.chunks(d).zip(u).map(|(row, u)| row[k] * u).sum()).collect()
    }

    /// The exact value for the unit vector along v, and the exact solution.
    fn exact(j: &[f64], d: usize, v: &[f64], sigma: f64) -> (f64, Vec<f64>) {
        let columns: Vec<Vec<f64>> = (0..d).map(|k| j.chunks(d).map(|row| row[k] / sigma).collect()).collect();
        let gram: Vec<f64> =
            (0..d * d).map(|ij| columns[ij / d].iter().zip(&columns[ij % d]).map(|(a, b)| a * b).sum()).collect();
        let eigen = faer::MatRef::from_row_major_slice(&gram[..], d, d).self_adjoint_eigen(faer::Side::Lower).unwrap();
        let length = v.iter().map(|v| v * v).sum::<f64>().sqrt();
        let (mut value, mut solution) = (0.0, vec![0.0; d]);
        for i in 0..d {
            let lambda = eigen.S().column_vector()[i].max(0.0);
            let weight: f64 = (0..d).map(|row| eigen.U()[(row, i)] * v[row]).sum::<f64>() / length;
            value += weight * weight * lambda.ln_1p();
            (0..d).for_each(|row| solution[row] += eigen.U()[(row, i)] * weight / (1.0 + lambda));
        }
        (value, solution)
    }

    fn rules(j: &[f64], d: usize, v: &[f64], sigma: f64, steps: usize) -> Rules {
        Krylov::new(v.to_vec(), 1, steps, |v| times(j, d, v), |u| transposed(j, d, u)).rules(0, sigma)
    }

    proptest! {
        #[test]
        fn radau_is_below_the_exact_value_and_gauss_above_at_every_step(
            logarithms in prop::collection::vec(-7.0f64..2.0, 2..12),
            dead in 0usize..4,
            wide in 1usize..14,
            sigma in 0.01f64..2.0,
            seed in any::<u64>(),
        ) {
            let mut singular: Vec<f64> = logarithms.into_iter().map(f64::exp).collect();
            let alive = singular.len().saturating_sub(dead);
            singular[alive..].fill(0.0);
            let d = singular.len();
            let (j, v) = (matrix(&singular, wide, seed), Random::new(seed).stream("probe").signs(d));
            let v: Vec<f64> = v.into_iter().map(f64::from).collect();
            let (truth, _) = exact(&j, d, &v, sigma);
            let slack = 1e-6 * (1.0 + truth);
            let (mut lower, mut upper) = (0.0, f64::INFINITY);
            for steps in 1..=d {
                let found = rules(&j, d, &v, sigma, steps);
                prop_assert!(found.lower >= lower - slack, "step {steps}: {} after {lower}", found.lower);
                prop_assert!(found.upper <= upper + slack, "step {steps}: {} after {upper}", found.upper);
                prop_assert!(found.lower <= truth + slack, "step {steps}: {} is above {truth}", found.lower);
                prop_assert!(found.upper >= truth - slack, "step {steps}: {} is below {truth}", found.upper);
                (lower, upper) = (found.lower, found.upper);
            }
            prop_assert!(upper - lower < slack, "{lower} and {upper} after all steps");
        }
    }

    #[test]
    fn as_many_steps_as_dimensions_solve_the_system() {
        let singular = [0.1, 0.3, 0.7, 1.5, 2.0];
        let (j, v) = (matrix(&singular, 7, 3), vec![1.0, -1.0, -1.0, 1.0, 1.0]);
        let (value, solution) = exact(&j, 5, &v, 0.5);
        let found = rules(&j, 5, &v, 0.5, 5);
        assert!((found.lower - value).abs() < 1e-9 && (found.upper - value).abs() < 1e-9, "{found:?} {value}");
        for (found, exact) in found.solution.iter().zip(solution) {
            assert!((found - exact).abs() < 1e-7, "{found} is not {exact}");
        }
    }

    #[test]
    fn one_step_has_the_closed_form() {
        // J = diag(3, 1), v = (1, 1)/sqrt 2, sigma = 1: the node of Gauss is |Jv|^2 = 5. Radau's nodes are 0 and the ratio of
        // moments v'(J'J)^2 v / v'J'J v = 41/5, with the weight 5 / (41/5) = 25/41.
        let found = rules(&[3.0, 0.0, 0.0, 1.0], 2, &[1.0, 1.0], 1.0, 1);
        assert!((found.upper - 6f64.ln()).abs() < 1e-12, "{found:?}");
        assert!((found.lower - 25.0 / 41.0 * (46.0f64 / 5.0).ln()).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn nothing_is_nothing_and_what_is_no_number_stays_so() {
        let none = rules(&[0.0; 4], 2, &[1.0, 1.0], 0.1, 1);
        assert_eq!((none.lower, none.upper), (0.0, 0.0));
        let half = 0.5f64.sqrt();
        assert!(none.solution.iter().all(|x| (x - half).abs() < 1e-15), "{none:?}");
        assert!(rules(&[f64::NAN; 4], 2, &[1.0, 1.0], 0.1, 2).lower.is_nan());
        assert!(rules(&[1e200; 4], 2, &[1.0, 1.0], 0.1, 1).lower.is_nan());
    }
}
