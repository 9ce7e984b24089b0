use super::{Enclosure, term_count};

/// Axis-aligned boxes: centres and half sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Boxes {
    axes: usize,
    /// `[boxes, axes]`
    centres: Vec<f64>,
    /// `[boxes, axes]`
    halves: Vec<f64>,
}

impl Boxes {
    /// Boxes `[n, axes]` of row-major centres and half sides.
    ///
    /// # Panics
    /// If these are not as many, no multiple of `axes`, or if there is no axis.
    pub fn new(axes: usize, centres: Vec<f64>, halves: Vec<f64>) -> Self {
        assert!(axes > 0 && centres.len() == halves.len() && centres.len().is_multiple_of(axes), "[n, axes] of both");
        Self { axes, centres, halves }
    }

    /// Points: boxes of no size.
    pub fn points(axes: usize, points: Vec<f64>) -> Self {
        let halves = vec![0.0; points.len()];
        Self::new(axes, points, halves)
    }

    /// Number of boxes.
    pub fn len(&self) -> usize {
        self.centres.len() / self.axes
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.centres.is_empty()
    }

    /// Number of axes, `D`.
    pub fn axes(&self) -> usize {
        self.axes
    }

    /// The centre and half the side of a box along an axis.
    pub fn side(&self, of_box: usize, axis: usize) -> (f64, f64) {
        let place = of_box * self.axes + axis;
        (self.centres[place], self.halves[place])
    }

    /// The coordinates over the boxes, without error: `x_i = c_i + h_i t_i`.
    pub fn coordinates(&self) -> Enclosure {
        let mut terms = self.centres.clone();
        terms.resize(term_count(self.axes) * self.centres.len(), 0.0);
        for (place, half) in self.halves.iter().enumerate() {
            let axis = place % self.axes;
            terms[(1 + axis) * self.centres.len() + place] = *half;
        }
        Enclosure { axes: self.axes, boxes: self.len(), width: self.axes, terms, radius: vec![0.0; self.centres.len()] }
    }
}
