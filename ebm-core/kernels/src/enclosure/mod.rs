//! Proven ranges of functions over boxes, by quadratic models with an error.
//!
//! A box is `x = c + h t` with `t` in `[-1, 1]^D`. Over it, every value of a network is enclosed as
//!
//! ```text
//! f(x) = a + sum_i b_i t_i + sum_{i <= j} c_ij t_i t_j + r,     |r| <= radius,
//! ```
//!
//! a Taylor model of order two (Makino and Berz, "Taylor models and other validated functional inclusion methods", 2003) whose
//! terms are interpolated rather than derived. The radius holds what was left out, and the rounding of all that was computed:
//! sums of n products by `gamma_n` (Higham, "Accuracy and stability of numerical algorithms", section 3.1), functions of the
//! standard library by eight units in the last place, of which they are said to need one or two. So a statement about an
//! enclosure is a statement about the function itself, with the weights as they are stored, and not about its values at points.

mod boxes;
mod dense;
mod function;

pub use boxes::Boxes;
pub use dense::Affine;
pub use function::{Function, Line};

/// Room for rounding, relative: twice the unit roundoff, so that bounds of first order hold without their higher orders.
pub(crate) const EPSILON: f64 = f64::EPSILON;

/// Room for results that underflow.
pub(crate) const TINY: f64 = 1e-290;

/// The values of `width` functions over each of some boxes: see the [module](self).
#[derive(Clone, Debug, PartialEq)]
pub struct Enclosure {
    axes: usize,
    boxes: usize,
    width: usize,
    /// `[terms * boxes, width]`: the constants of all boxes, then their slopes along each axis, then the products of axes in the
    /// order 11, 12, .., 22, ..
    terms: Vec<f64>,
    /// `[boxes, width]`
    radius: Vec<f64>,
}

/// The number of terms of a quadratic polynomial in `axes` variables.
pub(crate) fn term_count(axes: usize) -> usize {
    1 + axes + axes * (axes + 1) / 2
}

impl Enclosure {
    /// The same constants over every one of `boxes` boxes.
    pub fn constant(values: &[f64], axes: usize, boxes: usize) -> Self {
        let mut terms = values.repeat(boxes);
        terms.resize(term_count(axes) * terms.len(), 0.0);
        Self { axes, boxes, width: values.len(), terms, radius: vec![0.0; boxes * values.len()] }
    }

    /// Number of boxes.
    pub fn boxes(&self) -> usize {
        self.boxes
    }

    /// Number of functions.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The polynomial of a function over a box, constant first, and its radius.
    pub fn model(&self, of_box: usize, function: usize) -> (Vec<f64>, f64) {
        let place = |term: usize| (term * self.boxes + of_box) * self.width + function;
        let terms = (0..term_count(self.axes)).map(|term| self.terms[place(term)]).collect();
        (terms, self.radius[of_box * self.width + function])
    }

    /// The least and the largest value that a function can have over a box.
    pub fn range(&self, of_box: usize, function: usize) -> (f64, f64) {
        let (terms, radius) = self.model(of_box, function);
        let reach = terms[1..].iter().map(|term| term.abs()).sum::<f64>() + radius;
        let reach = reach * (1.0 + 16.0 * EPSILON) + EPSILON * terms[0].abs();
        if reach.is_finite() { (terms[0] - reach, terms[0] + reach) } else { (f64::NEG_INFINITY, f64::INFINITY) }
    }

    /// These functions, and beside them those of `other`, over the same boxes; or constants, enclosed over one box without axes.
    ///
    /// # Panics
    /// If the boxes are others.
    #[must_use]
    pub fn beside(&self, other: &Self) -> Self {
        let common = other.axes == 0 && other.boxes == 1;
        assert!(common || (self.axes, self.boxes) == (other.axes, other.boxes), "other boxes");
        let width = self.width + other.width;
        let join = |own: &[f64], others: &[f64]| -> Vec<f64> {
            let rows = own.chunks_exact(self.width).zip(others.chunks_exact(other.width));
            rows.flat_map(|(own, other)| own.iter().chain(other).copied()).collect()
        };
        let other = if common {
            let mut whole = Self::constant(&other.terms, self.axes, self.boxes);
            whole.radius = other.radius.repeat(self.boxes);
            whole
        } else {
            other.clone()
        };
        Self { width, terms: join(&self.terms, &other.terms), radius: join(&self.radius, &other.radius), ..*self }
    }

    /// All functions times a number.
    #[must_use]
    pub fn scaled(mut self, factor: f64) -> Self {
        self.terms.iter_mut().for_each(|term| *term *= factor);
        for (place, radius) in self.radius.iter_mut().enumerate() {
            let size: f64 = self.terms.iter().skip(place).step_by(self.boxes * self.width).map(|term| term.abs()).sum();
            *radius = (*radius * factor.abs() + EPSILON * size) * (1.0 + EPSILON) + TINY;
        }
        self
    }

    /// Adds `kappa/2 ||x||^2` to every function.
    #[must_use]
    pub fn confined(mut self, boxes: &Boxes, kappa: f64) -> Self {
        let (axes, rows) = (self.axes, self.boxes * self.width);
        for of_box in 0..self.boxes {
            for column in 0..self.width {
                let place = of_box * self.width + column;
                let mut size = 0.0;
                let mut square = 1 + axes;
                for axis in 0..axes {
                    let (centre, half) = boxes.side(of_box, axis);
                    for (term, added) in [
                        (0, 0.5 * kappa * centre * centre),
                        (1 + axis, kappa * centre * half),
                        (square, 0.5 * kappa * half * half),
                    ] {
                        let slot = &mut self.terms[term * rows + place];
                        *slot += added;
                        size += slot.abs() + added.abs();
                    }
                    square += axes - axis;
                }
                self.radius[place] = (self.radius[place] + 4.0 * EPSILON * size) * (1.0 + EPSILON) + TINY;
            }
        }
        self
    }
}

#[cfg(test)]
mod tests;
