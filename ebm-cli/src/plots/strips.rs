use plotters::element::{Circle, EmptyElement, PathElement, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, RGBColor};
use plotters::{chart::ChartBuilder, series::DashedLineSeries};
use std::path::Path;

use super::canvas::{Area, FAINT_INK, FINE, INK, letters, save, width_of, write};
use super::panel::{Chart, MESH, close, line};
use super::{PlotError, limits, scale::Scale};

// Narrow, with large letters: these are looked at on telephones too.
const WIDTH: u32 = 760;
const RIGHT: u32 = 36;
const TOP: u32 = 92;
const STRIP: u32 = 54;
const BELOW: u32 = 76;
const LETTERS: u32 = 20;
/// The most room for the candidates' names.
const NAMES: u32 = 300;

const RUN: RGBColor = RGBColor(0, 114, 178);
const MEAN: RGBColor = RGBColor(15, 15, 15);
const LEVEL: RGBColor = RGBColor(0, 140, 100);

/// A candidate's values.
#[derive(Clone, Debug, PartialEq)]
pub struct Strip {
    pub name: String,
    /// A value a run.
    pub values: Vec<f64>,
    /// Mean and, where there are several runs, standard deviation.
    pub mean: Option<(f64, Option<f64>)>,
    /// The text in place of missing values.
    pub absent: String,
}

/// One metric of several candidates, as a picture 760 pixels wide.
#[derive(Clone, Debug, PartialEq)]
pub struct Strips<'a> {
    pub title: &'a str,
    /// The quantity along the axis, with its unit.
    pub axis: &'a str,
    /// The candidates, from above.
    pub strips: &'a [Strip],
    /// A level to compare with, and its name.
    pub level: Option<(f64, &'a str)>,
    /// Ends that values cannot go beyond: a share has 0 and 100 %.
    pub ends: Option<(f64, f64)>,
}

impl Strips<'_> {
    /// Draws the picture and writes it to `path` as a PNG, atomically.
    pub fn save(&self, path: &Path) -> Result<(), PlotError> {
        let tall = STRIP * self.strips.len().max(1) as u32;
        save(path, (WIDTH, TOP + tall + BELOW), |area| self.draw(area))
    }

    fn draw(&self, area: &Area<'_>) -> Result<(), PlotError> {
        let (x, cut) = self.scale();
        let mut remarks = vec!["dots: runs; bar: mean \u{b1} one standard deviation".to_string()];
        remarks.extend(self.level.map(|(_, name)| format!("dashes: {name}")));
        remarks.extend(cut);
        write(area, self.title, (16, 10), 26, INK)?;
        write(area, &remarks.join("; "), (16, 52), 17, FAINT_INK)?;

        let (mut names, mut letter) = (0, LETTERS);
        for strip in self.strips {
            let width = width_of(area, &strip.name, LETTERS)?;
            letter = letter.min(LETTERS * NAMES / width.max(1)).max(10);
            names = names.max(width.min(NAMES));
        }
        // The strips are at 1, 2, ..., the first of them uppermost.
        let (count, rows) = (self.strips.len(), self.strips.len().max(1));
        let y = Scale::linear(0.5, rows as f64 + 0.5, rows);
        let from_below: Vec<&str> = self.strips.iter().rev().map(|strip| &*strip.name).collect();
        let name = |y: &f64| from_below.get(*y as usize - 1).unwrap_or(&"").to_string();
        let mut chart = ChartBuilder::on(area)
            .margin_top(TOP * FINE)
            .margin_right(RIGHT * FINE)
            .margin_bottom(28 * FINE)
            .y_label_area_size((names + 34) * FINE)
            .x_label_area_size((BELOW - 28) * FINE)
            .build_cartesian_2d(x, y)?;
        chart
            .configure_mesh()
            .bold_line_style(line(MESH, 1))
            .axis_style(line(INK, 1))
            .x_label_style(letters(LETTERS - 3, INK))
            .y_label_style(letters(letter, INK))
            .axis_desc_style(letters(LETTERS - 2, INK))
            .set_all_tick_mark_size(5 * FINE)
            .y_label_offset(5)
            .y_label_formatter(&name)
            .x_desc(self.axis)
            .draw()?;
        close(&chart)?;
        if let Some((level, _)) = self.level {
            let ends = [(level, y.low), (level, y.high)];
            chart.draw_series(DashedLineSeries::new(ends, 10 * FINE, 8 * FINE, line(LEVEL, 2)))?;
        }
        for (index, strip) in self.strips.iter().enumerate() {
            strip.draw(&mut chart, (x.low, (count - index) as f64))?;
        }
        Ok(())
    }

    fn scale(&self) -> (Scale, Option<String>) {
        const LABELS: usize = 6;
        if let Some((low, high)) = self.ends {
            let margin = 0.03 * (high - low);
            return (Scale::linear(low - margin, high + margin, LABELS), None);
        }
        let values: Vec<f64> = self.strips.iter().flat_map(|strip| &strip.values).copied().collect();
        let bars = self.strips.iter().filter_map(|strip| strip.mean);
        let ends = bars.flat_map(|(mean, deviation)| [-1.0, 1.0].map(|sign| mean + sign * deviation.unwrap_or(0.0)));
        let kept: Vec<f64> = ends.chain(self.level.map(|(level, _)| level)).collect();
        limits::choose(&values, &kept, LABELS)
    }
}

impl Strip {
    fn draw(&self, chart: &mut Chart<'_, '_>, (left, y): (f64, f64)) -> Result<(), PlotError> {
        let Some((mean, deviation)) = self.mean else {
            let style = letters(LETTERS - 3, FAINT_INK).pos(Pos::new(HPos::Left, VPos::Center));
            let text = Text::new(self.absent.clone(), (14 * FINE as i32, 0), style);
            chart.draw_series([EmptyElement::at((left, y)) + text])?;
            return Ok(());
        };
        let bar = |from, to| PathElement::new([(from, y), (to, y)], line(MEAN, 3));
        chart.draw_series(deviation.map(|deviation| bar(mean - deviation, mean + deviation)))?;
        let values = self.values.iter().filter(|value| value.is_finite());
        chart.draw_series(values.map(|value| Circle::new((*value, y), 11 * FINE / 2, RUN.mix(0.6).filled())))?;
        let (above, below) = ((0, -13 * FINE as i32), (0, 13 * FINE as i32));
        chart.draw_series([EmptyElement::at((mean, y)) + PathElement::new([above, below], line(MEAN, 3))])?;
        Ok(())
    }
}
