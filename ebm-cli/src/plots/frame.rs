use std::ops::Range;

use super::limits::{ascending, near};
use super::scale::Scale;

/// The rectangle of the plane that a picture shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    pub names: [String; 2],
    pub x: Range<f64>,
    pub y: Range<f64>,
}

impl Frame {
    /// A frame that shows points well: all of them, or, where a few lie far out, all but those.
    ///
    /// Far out are points beyond the 1 % and 99 % quantiles of an axis by more than half of the distance between
    /// these. Points that are not finite are left out.
    pub fn around(points: &[[f64; 2]], names: [&str; 2]) -> Self {
        let finite = |p: &[f64; 2]| p.iter().all(|v| v.is_finite());
        let finite: Vec<[f64; 2]> = points.iter().copied().filter(finite).collect();
        let near = [0, 1].map(|i| near(&ascending(finite.iter().map(|p| p[i])), 0.01));
        let is_near = |p: &[f64; 2]| near[0].contains(&p[0]) && near[1].contains(&p[1]);
        let shown: Vec<[f64; 2]> = finite.into_iter().filter(is_near).collect();
        let [x, y] = [0, 1].map(|i| {
            let values = ascending(shown.iter().map(|p| p[i]));
            let (low, high) = match (values.first(), values.last()) {
                (Some(&low), Some(&high)) if low < high => (low, high),
                (Some(&only), _) => (only - 0.5, only + 0.5),
                (None, _) => (-1.0, 1.0),
            };
            let margin = (high - low) * 0.05;
            low - margin..high + margin
        });
        Self { names: names.map(String::from), x, y }
    }

    /// The centres of `cells` by `cells` equal cells, row by row from the lowest up, each from left to right.
    pub fn centres(&self, cells: usize) -> Vec<[f64; 2]> {
        let place = |axis: &Range<f64>, index: usize| {
            axis.start + (axis.end - axis.start) * (index as f64 + 0.5) / cells as f64
        };
        let centre = |i: usize| [place(&self.x, i % cells), place(&self.y, i / cells)];
        (0..cells * cells).map(centre).collect()
    }

    pub(super) fn scales(&self, labels: usize) -> (Scale, Scale) {
        let scale = |axis: &Range<f64>| Scale::linear(axis.start, axis.end, labels);
        (scale(&self.x), scale(&self.y))
    }

    /// The height in pixels of a picture of this width in which both axes have the same scale.
    pub(super) fn height_for(&self, width: u32) -> u32 {
        (f64::from(width) * (self.y.end - self.y.start) / (self.x.end - self.x.start)).round() as u32
    }

    pub(super) fn area(&self) -> f64 {
        (self.x.end - self.x.start) * (self.y.end - self.y.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(frame: &Frame) -> [f64; 4] {
        [frame.x.start, frame.x.end, frame.y.start, frame.y.end]
    }

    #[test]
    fn one_far_point_does_not_set_the_frame() {
        let mut points: Vec<[f64; 2]> = (0..=1000).map(|i| [f64::from(i) / 1000.0, f64::from(i % 7)]).collect();
        points.extend([[1e9, -3.0], [f64::NAN, 0.0]]);
        let found = ends(&Frame::around(&points, ["a", "b"]));
        for (found, expected) in found.into_iter().zip([-0.05, 1.05, -0.3, 6.3]) {
            assert!((found - expected).abs() < 1e-12, "{found}");
        }
    }

    #[test]
    fn a_column_of_points_and_no_points_have_a_frame_whose_cells_are_counted_from_the_lower_left() {
        let mut frame = Frame::around(&[[3.0, 1.0], [3.0, 2.0]], ["a", "b"]);
        assert_eq!(ends(&frame), [2.45, 3.55, 0.95, 2.05]);
        (frame.x, frame.y) = (0.0..4.0, -1.0..1.0);
        assert_eq!(frame.centres(2), [[1.0, -0.5], [3.0, -0.5], [1.0, 0.5], [3.0, 0.5]]);
        let nothing = Frame::around(&[[f64::NAN, f64::INFINITY]], ["a", "b"]);
        assert_eq!(ends(&nothing), [-1.1, 1.1, -1.1, 1.1]);
    }
}
