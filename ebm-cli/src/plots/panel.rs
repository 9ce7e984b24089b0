use plotters::chart::{ChartBuilder, ChartContext};
use plotters::element::{Circle, Cross, PathElement, Polygon};
use plotters::style::{Color, RGBColor, ShapeStyle};
use plotters::{backend::BitMapBackend, coord::cartesian::Cartesian2d, series::DashedLineSeries};
use std::path::Path;

use super::canvas::{Area, FAINT_INK, FINE, INK, letters, save, width_of, write};
use super::{PlotError, scale::Scale};

pub(super) type Chart<'a, 'b> = ChartContext<'a, BitMapBackend<'b>, Cartesian2d<Scale, Scale>>;

pub(super) const MESH: RGBColor = RGBColor(224, 224, 228);
/// The colour of bounds that do not hold.
pub(super) const BROKEN: RGBColor = RGBColor(200, 0, 30);

/// A place on a curve, and the band around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) band: (f64, f64),
}

/// A curve: its places, and its name in the legend.
#[derive(Debug)]
pub(super) struct Curve {
    pub(super) name: String,
    pub(super) colour: RGBColor,
    pub(super) style: Style,
    pub(super) places: Vec<Place>,
}

/// The style in which the places of a curve are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Style {
    /// A line. A value that is not finite interrupts it; one outside runs along the edge.
    Line,
    /// A line with a dot at each place.
    Dotted,
    Dashed,
    /// A cross at each place.
    Crosses,
}

/// A pair of axes with curves, and their names above it.
#[derive(Debug)]
pub(super) struct Panel {
    /// Pixels of the file between the horizontal axes.
    pub(super) height: u32,
    pub(super) scales: (Scale, Scale),
    pub(super) names: [&'static str; 2],
    pub(super) curves: Vec<Curve>,
    pub(super) remarks: Vec<String>,
}

/// Draws panels, one below the other, and writes the picture to `path`.
pub(super) fn save_panels(path: &Path, title: &str, panels: &[Panel]) -> Result<(), PlotError> {
    const WIDTH: u32 = 1600;
    const TITLE: u32 = 52;
    let height = TITLE + panels.iter().map(Panel::whole_height).sum::<u32>();
    save(path, (WIDTH, height), |area| {
        write(area, title, (20, 12), 27, INK)?;
        let (_, mut rest) = area.split_vertically(TITLE * FINE);
        for panel in panels {
            let (place, below) = rest.split_vertically(panel.whole_height() * FINE);
            panel.draw(&place)?;
            rest = below;
        }
        Ok(())
    })
}

impl Panel {
    /// Pixels of the file for a row of the legend with this number of entries, and for the remarks.
    const ROW: u32 = 30;
    const ENTRIES: usize = 4;
    const REMARKS: u32 = 30;
    /// Pixels of the file around the axes.
    const LEFT: u32 = 130;
    const RIGHT: u32 = 40;
    const BELOW: u32 = 68;

    fn header(&self) -> u32 {
        let rows = self.curves.len().div_ceil(Self::ENTRIES) as u32;
        Self::ROW * rows + if self.remarks.is_empty() { 12 } else { Self::REMARKS }
    }

    fn whole_height(&self) -> u32 {
        self.header() + self.height + Self::BELOW
    }

    fn draw(&self, area: &Area<'_>) -> Result<(), PlotError> {
        for (row, curves) in (0..).zip(self.curves.chunks(Self::ENTRIES)) {
            let (mut x, y) = (Self::LEFT, Self::ROW * row + 12);
            for curve in curves {
                curve.draw_mark(area, (x, y))?;
                write(area, &curve.name, (x + 36, y - 7), 18, INK)?;
                x += width_of(area, &curve.name, 18)? + 72;
            }
        }
        let above = self.header();
        write(area, &self.remarks.join("; "), (Self::LEFT, above - 24), 16, FAINT_INK)?;

        let around = [above, Self::RIGHT, Self::BELOW, Self::LEFT];
        let mut chart = axes(area, self.scales, self.names, around)?;
        self.curves.iter().try_for_each(|curve| curve.draw_band(&mut chart))?;
        self.curves.iter().try_for_each(|curve| curve.draw(&mut chart))
    }
}

impl Place {
    pub(super) fn at(x: f64, y: f64) -> Self {
        Self { x, y, band: (y, y) }
    }
}

impl Curve {
    /// A level across the axes, to compare with.
    pub(super) fn level(name: String, colour: RGBColor, y: f64, x: Scale) -> Self {
        Self { name, colour, style: Style::Dashed, places: [x.low, x.high].map(|x| Place::at(x, y)).into() }
    }

    /// Draws the mark that stands before the name.
    fn draw_mark(&self, area: &Area<'_>, (x, y): (u32, u32)) -> Result<(), PlotError> {
        const WIDE: i32 = (28 * FINE) as i32;
        let (x, y) = ((x * FINE) as i32, (y * FINE) as i32);
        match self.style {
            Style::Crosses => area.draw(&self.cross((x + WIDE / 2, y)))?,
            _ => area.draw(&PathElement::new([(x, y), (x + WIDE, y)], line(self.colour, 4)))?,
        }
        Ok(())
    }

    fn cross<C>(&self, place: C) -> Cross<C, u32> {
        Cross::new(place, 8 * FINE, line(self.colour, 3))
    }

    fn draw_band(&self, chart: &mut Chart<'_, '_>) -> Result<(), PlotError> {
        let width = |place: &Place| place.band.1 - place.band.0;
        let bands = runs(&self.places, |place| width(place).is_finite());
        let bands = bands.filter(|run| run.iter().any(|place| width(place) > 0.0));
        chart.draw_series(bands.map(|run| {
            let above = run.iter().map(|place| (place.x, place.band.1));
            let below = run.iter().rev().map(|place| (place.x, place.band.0));
            Polygon::new(above.chain(below).collect::<Vec<_>>(), self.colour.mix(0.22))
        }))?;
        Ok(())
    }

    fn draw(&self, chart: &mut Chart<'_, '_>) -> Result<(), PlotError> {
        let style = line(self.colour, 2);
        for run in runs(&self.places, |place| place.y.is_finite()) {
            let places: Vec<_> = run.iter().map(|place| (place.x, place.y)).collect();
            match self.style {
                Style::Dashed => chart.draw_series(DashedLineSeries::new(places, 10 * FINE, 8 * FINE, style))?,
                Style::Crosses => chart.draw_series(places.into_iter().map(|place| self.cross(place)))?,
                Style::Line | Style::Dotted => {
                    // A value alone is a line of no length.
                    let dotted = run.len() == 1 || self.style == Style::Dotted;
                    let dots = places.iter().filter(|_| dotted);
                    chart.draw_series(dots.map(|at| Circle::new(*at, 3 * FINE, self.colour.filled())))?;
                    chart.draw_series([PathElement::new(places, style)])?
                }
            };
        }
        Ok(())
    }
}

/// Draws axes with names, labels and lines at these, `around` pixels of the file from above, right, below and left.
pub(super) fn axes<'a, 'b>(
    area: &'a Area<'b>,
    (x, y): (Scale, Scale),
    names: [&str; 2],
    around: [u32; 4],
) -> Result<Chart<'a, 'b>, PlotError> {
    const LABEL: u32 = 15;
    const TICK: u32 = 5;
    const BELOW: u32 = 48;
    let mut widest = 0;
    for label in y.tick_labels() {
        widest = widest.max(width_of(area, &label, LABEL)?);
    }
    // The name of the vertical axis stands beside the widest label.
    let [above, right, below, left] = around;
    let beside = (widest + 2 * TICK + LABEL + 9).min(left);
    let mut chart = ChartBuilder::on(area)
        .margin_top(above * FINE)
        .margin_right(right * FINE)
        .margin_bottom((below - BELOW) * FINE)
        .margin_left((left - beside) * FINE)
        .y_label_area_size(beside * FINE)
        .x_label_area_size(BELOW * FINE)
        .build_cartesian_2d(x, y)?;
    chart
        .configure_mesh()
        .bold_line_style(line(MESH, 1))
        .axis_style(line(INK, 1))
        .label_style(letters(LABEL, INK))
        .axis_desc_style(letters(LABEL + 1, INK))
        .set_all_tick_mark_size(TICK * FINE)
        // The library puts the middle of a text a little below that of its letters.
        .y_label_offset(3)
        .x_desc(names[0])
        .y_desc(names[1])
        .draw()?;
    close(&chart)?;
    Ok(chart)
}

/// Draws the lines opposite to the axes.
pub(super) fn close(chart: &Chart<'_, '_>) -> Result<(), PlotError> {
    let plot = chart.plotting_area().strip_coord_spec();
    let (width, height) = plot.dim_in_pixel();
    let (right, bottom) = (width as i32 - 1, height as i32 - 1);
    plot.draw(&PathElement::new([(0, 0), (right, 0), (right, bottom)], line(INK, 1)))?;
    Ok(())
}

/// A line some pixels of the file wide.
pub(super) fn line(colour: RGBColor, width: u32) -> ShapeStyle {
    colour.stroke_width(width * FINE)
}

/// The longest stretches of places that are all good.
fn runs<T>(places: &[T], good: impl Fn(&T) -> bool) -> impl Iterator<Item = &[T]> {
    places.split(move |place| !good(place)).filter(|run| !run.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_value_splits_a_line_in_two() {
        let values = [f64::NAN, 1.0, 2.0, f64::INFINITY, 3.0, f64::NAN, f64::NAN];
        let found: Vec<&[f64]> = runs(&values, |value| value.is_finite()).collect();
        assert_eq!(found, [&[1.0, 2.0][..], &[3.0]]);
    }
}
