//! The rectangle a picture shows, and values on a grid over it.

use super::PlotError;

/// One axis of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The label.
    pub name: String,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Axis {
    /// An axis from `low` to `high`.
    pub fn new(name: impl Into<String>, low: f64, high: f64) -> Self {
        let name = name.into();
        Self { name, low, high }
    }

    fn check(&self) -> Result<(), PlotError> {
        match self.low.is_finite() && self.high.is_finite() && self.low < self.high {
            true => Ok(()),
            false => Err(PlotError::Axis {
                name: self.name.clone(),
                low: self.low,
                high: self.high,
            }),
        }
    }
}

/// The rectangle of the plane that a picture shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
}

impl Frame {
    /// A frame with the axes given.
    ///
    /// # Errors
    /// If an axis has an end that is not finite, or ends out of order.
    pub fn new(x: Axis, y: Axis) -> Result<Self, PlotError> {
        x.check()?;
        y.check()?;
        Ok(Self { x, y })
    }

    /// A frame that shows points well: all of them, or, where a few lie far out, all but those.
    ///
    /// Far out is what lies beyond the 1 % and 99 % quantiles of an axis by more than half of the distance between
    /// these. Points that are not finite are left out.
    pub fn around(points: &[[f64; 2]], names: [&str; 2]) -> Self {
        let finite: Vec<[f64; 2]> = points
            .iter()
            .copied()
            .filter(|p| p.iter().all(|v| v.is_finite()))
            .collect();
        let near = [0, 1].map(|i| neighbourhood(ascending(&finite, i)));
        let shown: Vec<[f64; 2]> = finite
            .into_iter()
            .filter(|p| (0..2).all(|i| near[i].contains(&p[i])))
            .collect();
        let axis = |i: usize| {
            let values = ascending(&shown, i);
            let (low, high) = match (values.first(), values.last()) {
                (Some(&low), Some(&high)) if low < high => (low, high),
                (Some(&only), _) => (only - 0.5, only + 0.5),
                (None, _) => (-1.0, 1.0),
            };
            let margin = (high - low) * 0.05;
            Axis::new(names[i], low - margin, high + margin)
        };
        Self { x: axis(0), y: axis(1) }
    }

    /// Height over width.
    pub(super) fn aspect(&self) -> f64 {
        (self.y.high - self.y.low) / (self.x.high - self.x.low)
    }
}

fn ascending(points: &[[f64; 2]], axis: usize) -> Vec<f64> {
    let mut values: Vec<f64> = points.iter().map(|p| p[axis]).collect();
    values.sort_by(f64::total_cmp);
    values
}

fn neighbourhood(sorted: Vec<f64>) -> std::ops::RangeInclusive<f64> {
    if sorted.is_empty() {
        return 0.0..=0.0;
    }
    let (low, high) = (quantile(&sorted, 0.01), quantile(&sorted, 0.99));
    let slack = (high - low) * 0.5;
    match slack > 0.0 {
        true => low - slack..=high + slack,
        false => f64::NEG_INFINITY..=f64::INFINITY,
    }
}

/// The quantile of values in ascending order, between neighbours in proportion. `sorted` must not be empty.
pub(super) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * (place - place.floor())
}

/// Values at the centres of a regular grid of cells over a [`Frame`].
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    columns: usize,
    rows: usize,
    values: Vec<f64>,
}

impl Grid {
    /// A grid of values, row by row from the lowest row up, each from left to right: the order of [`Grid::centres`].
    ///
    /// # Errors
    /// If the number of values is not `columns * rows`, or that is 0.
    pub fn new(columns: usize, rows: usize, values: Vec<f64>) -> Result<Self, PlotError> {
        match columns * rows == values.len() && !values.is_empty() {
            true => Ok(Self { columns, rows, values }),
            false => Err(PlotError::Grid {
                columns,
                rows,
                found: values.len(),
            }),
        }
    }

    /// Where the values of a grid belong: the centres of its cells.
    pub fn centres(frame: &Frame, columns: usize, rows: usize) -> Vec<[f64; 2]> {
        let centre = |axis: &Axis, index: usize, count: usize| {
            axis.low + (axis.high - axis.low) * (index as f64 + 0.5) / count as f64
        };
        (0..rows * columns)
            .map(|i| {
                [
                    centre(&frame.x, i % columns, columns),
                    centre(&frame.y, i / columns, rows),
                ]
            })
            .collect()
    }

    /// The values.
    pub(super) fn values(&self) -> &[f64] {
        &self.values
    }

    /// Area of one cell over `frame`.
    pub(super) fn cell_area(&self, frame: &Frame) -> f64 {
        let area = (frame.x.high - frame.x.low) * (frame.y.high - frame.y.low);
        area / (self.columns * self.rows) as f64
    }

    /// The value of the cell that holds a place given as shares of the frame's width and height, from the lower left.
    pub(super) fn at(&self, x: f64, y: f64) -> f64 {
        let column = ((x * self.columns as f64) as usize).min(self.columns - 1);
        let row = ((y * self.rows as f64) as usize).min(self.rows - 1);
        self.values[row * self.columns + column]
    }

    /// A grid of the same form with every value changed.
    pub(super) fn map(&self, f: impl Fn(f64) -> f64) -> Self {
        Self {
            values: self.values.iter().map(|&v| f(v)).collect(),
            ..*self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Frame {
        Frame::new(Axis::new("x", 0.0, 4.0), Axis::new("y", -1.0, 1.0)).unwrap()
    }

    #[test]
    fn a_value_is_found_where_its_centre_lies() {
        let centres = Grid::centres(&frame(), 4, 2);
        assert_eq!(centres[1], [1.5, -0.5]);
        assert_eq!(centres[4], [0.5, 0.5]);
        let grid = Grid::new(4, 2, (0..8).map(f64::from).collect()).unwrap();
        for (i, [x, y]) in centres.into_iter().enumerate() {
            assert_eq!(grid.at(x / 4.0, (y + 1.0) / 2.0), i as f64);
        }
        assert_eq!(grid.at(1.0, 1.0), 7.0);
        assert_eq!(grid.cell_area(&frame()), 1.0);
    }

    #[test]
    fn a_grid_of_another_size_and_an_empty_axis_are_errors() {
        let error = Grid::new(3, 2, vec![0.0; 5]).unwrap_err().to_string();
        assert_eq!(error, "a grid of 3 x 2 cells needs 6 values, got 5");
        for (low, high) in [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
            assert!(Frame::new(Axis::new("x", low, high), Axis::new("y", 0.0, 1.0)).is_err());
        }
    }

    #[test]
    fn one_far_point_does_not_set_the_frame() {
        let mut points: Vec<[f64; 2]> = (0..=1000).map(|i| [f64::from(i) / 1000.0, f64::from(i % 7)]).collect();
        points.extend([[1e9, -3.0], [f64::NAN, 0.0]]);
        let frame = Frame::around(&points, ["a", "b"]);
        let ends = [frame.x.low, frame.x.high, frame.y.low, frame.y.high];
        for (found, expected) in ends.into_iter().zip([-0.05, 1.05, -0.3, 6.3]) {
            assert!((found - expected).abs() < 1e-12, "{ends:?}");
        }
        let column = [[3.0, 1.0], [3.0, 2.0]];
        assert_eq!(Frame::around(&column, ["a", "b"]).x, Axis::new("a", 2.45, 3.55));
    }

    #[test]
    fn no_points_still_give_a_frame() {
        let frame = Frame::around(&[[f64::NAN, f64::INFINITY]], ["a", "b"]);
        assert!(Frame::new(frame.x, frame.y).is_ok());
    }
}
