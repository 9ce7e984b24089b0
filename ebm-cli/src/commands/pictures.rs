//! The pictures of a run.

use ebm_core::{data::Dataset, device::Real, geometry::Geometry, random::Random};
use ebm_eval::quadrature::energies;
use ebm_train::{Objective, Trainer};

use super::wide_pictures::WidePictures;
use crate::observers::{History, SampleGrid, gaussian_fit};
use crate::plots::{Bound, BoundsPicture, Cloud, Coverage, DensityPicture, Frame, PlotError};
use crate::run_directory::{RunDirectory, layout};
use ebm_eval::evaluate::{GOOD_RADIUS, Report, Sandwich, Side, generated_samples};
use ebm_eval::sampling::{RefineOptions, refine};

/// Points of the data's and the generator's clouds.
const POINTS: usize = 5_000;
/// Points of the refined cloud.
const REFINED: usize = 2_000;
/// Cells along each axis of the heat maps.
const CELLS: usize = 400;

pub struct Pictures<'a> {
    pub title: &'a str,
    pub data: &'a dyn Dataset,
    pub history: &'a History,
    pub report: &'a Report,
    pub random: Random,
}

impl Pictures<'_> {
    /// Draws every picture that can be drawn. Returns their names, the most informative first.
    pub fn draw<G: Geometry>(
        &self,
        trainer: &Trainer<G>,
        directory: &RunDirectory,
    ) -> Result<Vec<&'static str>, PlotError> {
        let mut drawn = Vec::new();
        if self.data.width() == 2 {
            self.density(trainer, directory)?;
            drawn.push("density.png");
        }
        let wide = || WidePictures::of(self.title, self.data, self.random, trainer);
        let wide = (self.data.width() > 2).then(wide);
        if let Some(wide) = wide.as_ref().filter(|_| self.data.image().is_none()) {
            drawn.extend(wide.table(directory)?);
        }
        let folder = directory.path().join(layout::PICTURES);
        if let Some(grid) = SampleGrid::of(self.title, folder, self.data, self.random)
            && grid.draw(trainer, "samples.png")?
        {
            drawn.push("samples.png");
        }
        if let Some(wide) = &wide {
            drawn.push(wide.energies(trainer, directory)?);
        }
        self.curves(trainer.step(), directory)?;
        drawn.push("curves.png");
        if !self.history.sandwiches.is_empty() {
            self.sandwich(trainer.step(), directory)?;
            drawn.push("sandwich.png");
        }
        Ok(drawn)
    }

    fn density<G: Geometry>(&self, trainer: &Trainer<G>, directory: &RunDirectory) -> Result<(), PlotError> {
        let random = self.random.stream("pictures");
        let data = points(&self.data.held_out(POINTS, random));
        let names = self.data.columns().unwrap_or_default();
        let name = |index: usize, other| names.get(index).map_or(other, String::as_str);
        let frame = Frame::around(&data, [name(0, "x1"), name(1, "x2")]);
        let centres: Vec<Real> = frame.centres(CELLS).into_iter().flatten().map(|v| v as Real).collect();
        let energy = energies(trainer.energy(), &centres);
        let energy: Vec<f64> = energy.into_iter().map(f64::from).collect();

        let trained = trainer.config().objective == Objective::Bidirectional;
        let generated = trained.then(|| generated_samples(trainer.generator(), POINTS, random));
        let (from, start) = match &generated {
            Some(samples) => ("Generator", samples[..2 * REFINED].to_vec()),
            None => ("Gaussian", gaussian_fit(self.data, REFINED, random)),
        };
        let (options, start) = (RefineOptions::default(), trainer.energy().geometry().samples(start));
        let refined = refine(trainer.energy(), start, &options, random);
        if let Err(error) = &refined {
            tracing::warn!(%error, "no refined samples in the picture");
        }
        let cloud = |name: String, points| Cloud { name, points };
        let mut clouds = vec![cloud("Data, held out".into(), data)];
        clouds.extend(generated.map(|samples| cloud("Generator".into(), points(&samples))));
        clouds.extend(refined.ok().map(|(samples, _)| {
            let name = format!("{from} and {} Langevin steps on E", options.steps);
            cloud(name, points(&samples.as_vec()))
        }));
        DensityPicture {
            title: self.title,
            subtitle: &self.subtitle(trainer.step()),
            frame: &frame,
            energy: &energy,
            log_partition: self.report.quadrature.as_ref().map(|partition| partition.best()),
            clouds: &clouds,
        }
        .save(&directory.picture("density.png"))
    }

    fn subtitle(&self, step: u64) -> String {
        let mut parts = vec![format!("step {step}")];
        match self.report.get("nll") {
            Some(nll) => {
                let error = nll.standard_error.unwrap_or(f64::NAN);
                parts
                    .push(format!("exact NLL {:.3} +- {error:.3} nats on {} held-out samples", nll.value, nll.samples));
            }
            None => parts.push("no exact NLL".into()),
        }
        parts.extend(self.data.entropy().map(|entropy| format!("entropy of the data {entropy:.3} nats")));
        let figure = |name| self.report.get(name);
        if let (Some(known), Some(modes), Some(good)) =
            (self.data.modes(), figure("modes_covered"), figure("good_share"))
        {
            parts.push(format!("{} of {} modes covered", modes.value, known.centres.len()));
            parts.push(format!("{:.0} % good samples", 100.0 * good.value));
        }
        parts.join("; ")
    }

    fn sandwich(&self, step: u64, directory: &RunDirectory) -> Result<(), PlotError> {
        let lower = verdicts(self.history, |sandwich| sandwich.lower.as_ref());
        let upper = verdicts(self.history, |sandwich| sandwich.upper.as_ref());
        let bound = |name, (broken, claim)| Bound { points: self.history.course(name), claim, broken };
        BoundsPicture {
            title: &format!("{}: the likelihood between its bounds, {step} steps", self.title),
            lower: bound("lower", (&lower.0, &lower.1)),
            exact: self.history.course("nll"),
            upper: bound("upper", (&upper.0, &upper.1)),
            entropy: self.data.entropy(),
            evaluated: true,
            gap: self.history.course("gap"),
            coverage: None,
        }
        .save(&directory.picture("sandwich.png"))
    }

    fn curves(&self, step: u64, directory: &RunDirectory) -> Result<(), PlotError> {
        let history = self.history;
        let bound = |points| Bound { points, ..Bound::default() };
        let meaning = format!("within {GOOD_RADIUS} standard deviations of a mode");
        let modes = self.data.modes().filter(|_| !history.course("good_share").is_empty());
        let coverage = modes.map(|known| Coverage {
            good_share: history.course("good_share"),
            meaning: &meaning,
            modes: history.course("modes_covered"),
            modes_total: known.centres.len(),
        });
        BoundsPicture {
            title: &format!("{}: {step} steps", self.title),
            lower: bound(&history.lower),
            exact: history.course("nll"),
            upper: bound(&history.upper),
            entropy: self.data.entropy(),
            coverage,
            ..BoundsPicture::default()
        }
        .save(&directory.picture("curves.png"))
    }
}

/// Steps at which a bound did not hold, and the weakest claim that was made about it.
fn verdicts(history: &History, of: impl Fn(&Sandwich) -> Option<&Side>) -> (Vec<u64>, String) {
    let (mut broken, mut claim) = (Vec::new(), None);
    for (step, side) in history.sandwiches.iter().filter_map(|(step, s)| Some((*step, of(s)?))) {
        let Some(held) = side.verdict() else { continue };
        let level = side.guarantee.level;
        claim = Some(claim.map_or(level, |weakest| level.min(weakest)));
        broken.extend((!held).then_some(step));
    }
    (broken, claim.map_or_else(String::new, |level| level.to_string()))
}

fn points(values: &[Real]) -> Vec<[f64; 2]> {
    values.chunks_exact(2).map(|row| [f64::from(row[0]), f64::from(row[1])]).collect()
}
