//! The pictures of a run on data of more than two dimensions.

use ebm_core::{data::Dataset, device::Real, geometry::Geometry, random::Random};
use ebm_eval::{evaluate::generated_samples, quadrature::energies};
use ebm_train::{Objective, Trainer};

use crate::observers::{gaussian_draws, moments};
use crate::plots::{Columns, Histogram, PlotError, save_histograms, save_pairs};
use crate::run_directory::RunDirectory;

/// Rows of data and of samples, and the most values of either.
const ROWS: usize = 2000;
const VALUES: usize = 1 << 20;
/// Columns whose marginals are drawn, and columns that are drawn in pairs.
const MARGINALS: usize = 8;
const PAIRED: usize = 4;

/// The data, and what is drawn beside them.
pub(super) struct WidePictures<'a> {
    title: &'a str,
    data: &'a dyn Dataset,
    random: Random,
    /// Rows that training has not seen, where there are such.
    real: Vec<Real>,
    /// Rows of the generator, where there is one.
    generated: Option<Vec<Real>>,
}

impl<'a> WidePictures<'a> {
    pub fn of<G: Geometry>(title: &'a str, data: &'a dyn Dataset, random: Random, trainer: &Trainer<G>) -> Self {
        let random = random.stream("pictures");
        let rows = (VALUES / data.width()).clamp(2, ROWS);
        let mut real = data.held_out(rows, random);
        if real.is_empty() {
            real = data.draw(rows, random);
        }
        let trained = trainer.config().objective == Objective::Bidirectional;
        let generated = trained.then(|| generated_samples(trainer.generator(), rows, random));
        Self { title, data, random, real, generated }
    }

    /// Draws columns of a table, and pairs of them. Returns the names of the pictures.
    pub fn table(&self, directory: &RunDirectory) -> Result<[&'static str; 2], PlotError> {
        let given = self.data.columns().unwrap_or_default();
        let width = self.data.width();
        let name = |index: usize| given.get(index).cloned().unwrap_or_else(|| format!("x{}", index + 1));
        let names: Vec<String> = (0..width.min(MARGINALS)).map(name).collect();
        let tables: Vec<Columns> = self
            .rows()
            .map(|(name, rows)| Columns {
                name: name.into(),
                values: (0..names.len()).map(|index| column(rows, width, index)).collect(),
            })
            .collect();
        let panel = |(index, name): (usize, &String)| Histogram {
            title: name.clone(),
            axis: name.clone(),
            series: tables.iter().map(|table| (table.name.clone(), table.values[index].clone())).collect(),
        };
        let panels: Vec<Histogram> = names.iter().enumerate().map(panel).collect();
        let of = |shown: usize| match shown {
            shown if shown < width => format!("the first {shown} of {width} columns"),
            _ => format!("all {width} columns"),
        };
        let title = format!("{}: {}", self.title, of(names.len()));
        save_histograms(&directory.picture("marginals.png"), &title, &panels)?;
        let paired = &names[..names.len().min(PAIRED)];
        let title = format!("{}: pairs of {}", self.title, of(paired.len()));
        save_pairs(&directory.picture("pairs.png"), &title, paired, &tables)?;
        Ok(["marginals.png", "pairs.png"])
    }

    /// Draws the energies of data, samples, and noise with the mean and variance of every column of the data.
    pub fn energies<G: Geometry>(
        &self,
        trainer: &Trainer<G>,
        directory: &RunDirectory,
    ) -> Result<&'static str, PlotError> {
        const NAME: &str = "energies.png";
        let of = |rows: &[Real]| energies(trainer.energy(), rows).into_iter().map(f64::from).collect::<Vec<f64>>();
        let mut series: Vec<(String, Vec<f64>)> = self.rows().map(|(name, rows)| (name.into(), of(rows))).collect();
        let own = series.clone();
        let (moments, count) = (moments(self.data, self.random), self.real.len() / self.data.width());
        let normal = gaussian_draws(&moments, count, self.random.stream("normal noise"));
        series.push(("Gaussian noise".into(), of(&normal)));
        series.push(("uniform noise".into(), of(&uniform_draws(&moments, count, self.random))));
        let panel = |title: &str, series| Histogram { title: title.into(), axis: "energy, nats".into(), series };
        let panels = [panel("data and samples", own), panel("with noise of the data's mean and variance", series)];
        let title = format!("{}: energies after step {}", self.title, trainer.step());
        save_histograms(&directory.picture(NAME), &title, &panels)?;
        Ok(NAME)
    }

    /// The rows of data and samples, with their names.
    fn rows(&self) -> impl Iterator<Item = (&'static str, &[Real])> {
        let generated = self.generated.as_ref().map(|rows| ("Generator", rows.as_slice()));
        [("Data", self.real.as_slice())].into_iter().chain(generated)
    }
}

fn column(rows: &[Real], width: usize, index: usize) -> Vec<f64> {
    rows.iter().skip(index).step_by(width).map(|value| f64::from(*value)).collect()
}

/// Draws `[n, D]` from boxes with this mean and standard deviation along each axis.
fn uniform_draws(moments: &[(f64, f64)], number: usize, random: Random) -> Vec<Real> {
    let uniforms = random.stream("uniform noise").uniforms(number * moments.len());
    // A box of side 1 has variance 1/12.
    let place = |(u, (mean, deviation)): (Real, &(f64, f64))| mean + deviation * 12f64.sqrt() * (f64::from(u) - 0.5);
    uniforms.into_iter().zip(moments.iter().cycle()).map(|drawn| place(drawn) as Real).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::data::column_moments;

    #[test]
    fn uniform_noise_has_the_moments_asked_for() {
        let drawn = uniform_draws(&[(1.0, 0.5), (-3.0, 2.0)], 20_000, Random::new(1));
        for ((mean, variance), (wanted, deviation)) in
            column_moments(&drawn, 2).into_iter().zip([(1.0, 0.5), (-3.0, 2.0f64)])
        {
            assert!((mean - wanted).abs() < 0.03 * deviation, "{mean}");
            assert!((variance.sqrt() - deviation).abs() < 0.02 * deviation, "{variance}");
        }
    }

    #[test]
    fn a_column_is_every_so_many_values() {
        assert_eq!(column(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3, 1), [2.0, 5.0]);
    }
}
