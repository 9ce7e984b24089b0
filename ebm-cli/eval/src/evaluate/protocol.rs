//! How a model is evaluated.

use crate::quadrature::{LogPartition, QuadratureConfig, QuadratureError, exact_nll, log_partition};
use ebm_core::bounds::Measurement;
use ebm_core::data::Dataset;
use ebm_core::device::Real;
use ebm_core::error::ConfigError;
use ebm_core::geometry::Geometry;
use ebm_core::models::{Energy, Generator};
use ebm_core::random::Random;
use ebm_train::StepReport;
use ebm_train::grid::Region;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bracket::bracket;
use super::coverage::{Coverage, GOOD_RADIUS};
use super::figure::{Figure, Unit};
use super::generated::generated_samples;
use super::images::{ImagesConfig, images};
use super::report::Report;
use super::sandwich::Sandwich;
use crate::annealing::AnnealingConfig;

/// Share of the model's probability outside the data's box from which on the reader is warned.
const LEAK: f64 = 0.01;
/// The data's box is the samples' bounding box, wider on each side by this part of its side.
const MARGIN: f64 = 0.1;

/// How much an evaluation does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluateConfig {
    /// Held-out samples the likelihood is computed on (all of them, if a finite data set has fewer).
    pub held_out: usize,
    /// Samples drawn from the generator.
    pub generated: usize,
    /// Share of all samples that must be good ones of a mode for it to count as covered. 0: one sample is enough.
    pub min_share: f64,
    /// How log Z is computed in one and two dimensions.
    pub quadrature: QuadratureConfig,
    /// How log Z is bracketed in any number of dimensions.
    pub annealing: AnnealingConfig,
    /// What is measured of generated images.
    pub images: ImagesConfig,
}

impl EvaluateConfig {
    /// For a final evaluation.
    pub fn thorough() -> Self {
        Self {
            held_out: 10_000,
            generated: 10_000,
            min_share: 0.0,
            quadrature: QuadratureConfig::thorough(),
            annealing: AnnealingConfig::default(),
            images: ImagesConfig::default(),
        }
    }

    /// For a figure along the way.
    pub fn quick() -> Self {
        Self {
            held_out: 5000,
            generated: 5000,
            min_share: 0.0,
            quadrature: QuadratureConfig::quick(),
            annealing: AnnealingConfig::default(),
            images: ImagesConfig::none(),
        }
    }

    /// Refuses values that cannot be used.
    ///
    /// # Errors
    /// The first such value, with what was expected.
    pub fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require(self.held_out >= 2, "held_out", self.held_out, "at least 2 samples")?;
        ConfigError::require(self.generated >= 2, "generated", self.generated, "at least 2 samples")?;
        ConfigError::require(
            (0.0..1.0).contains(&self.min_share),
            "min_share",
            self.min_share,
            "a share in [0, 1)",
        )?;
        self.quadrature.check().map_err(|e| e.within("quadrature"))?;
        self.annealing.check().map_err(|e| e.within("annealing"))?;
        self.images.check().map_err(|e| e.within("images"))
    }
}

impl Default for EvaluateConfig {
    fn default() -> Self {
        Self::thorough()
    }
}

/// What is evaluated.
pub struct Subject<'a, G: Geometry> {
    /// The energy.
    pub energy: &'a dyn Energy<G>,
    /// The generator, if the model has one.
    pub generator: Option<&'a dyn Generator<G>>,
    /// The data.
    pub data: &'a dyn Dataset,
    /// The bounds' values on a fresh batch.
    pub bounds: &'a StepReport,
}

/// Evaluates a model: exact likelihood by quadrature where `D` <= 2, a bracket of it by annealing where asked for, the bounds
/// around it, and mode coverage where the data set has modes. What cannot be had is listed with the reason.
pub fn evaluate<G: Geometry>(subject: &Subject<'_, G>, config: &EvaluateConfig, random: Random) -> Report {
    let mut report = Report::default();
    let random = random.stream("evaluation");
    let held_out = subject.data.held_out(config.held_out, random);
    likelihood(subject, config, &held_out, random, &mut report);
    bracket(subject, &config.annealing, &held_out, random, &mut report);
    bounds(subject.bounds, &mut report);
    let generated = subject
        .generator
        .map(|generator| generated_samples(generator, config.generated, random.stream("generated")));
    modes(subject.data, config, generated.as_deref(), &held_out, &mut report);
    images(
        subject,
        &config.images,
        (&held_out, config.generated),
        random,
        &mut report,
    );
    report.sandwich = Sandwich::of(&report.evaluation());
    warn(&mut report);
    report
}

fn likelihood<G: Geometry>(
    subject: &Subject<'_, G>,
    config: &EvaluateConfig,
    held_out: &[Real],
    random: Random,
    report: &mut Report,
) {
    let width = subject.data.width();
    if held_out.is_empty() {
        return report.lack("nll", "the data set holds out no samples");
    }
    if width > 2 {
        // Known before thousands of samples are drawn for the box.
        let error = QuadratureError::Dimensions { width };
        return report.lack("nll", format!("no exact value: {error}"));
    }
    let mut seen = subject.data.draw(config.held_out, random.stream("box"));
    seen.extend_from_slice(held_out);
    let partition = match log_partition(
        subject.energy,
        &Region::around(&seen, width, MARGIN),
        &config.quadrature,
    ) {
        Ok(partition) => partition,
        Err(error) => return report.lack("nll", format!("no exact value: {error}")),
    };
    let nll = exact_nll(subject.energy, held_out, &partition);
    report.figures.push(Figure::nats(
        "nll",
        "exact NLL",
        &nll,
        "mean of E(x) + log Z over held-out samples, log Z by quadrature",
    ));
    if let Some(standardization) = subject.data.standardization() {
        let mut raw = nll.clone();
        raw.value += standardization.log_volume();
        report.figures.push(Figure::nats(
            "nll_in_source_units",
            "exact NLL in the source's units",
            &raw,
            "the exact NLL plus the sum of the columns' log standard deviations",
        ));
    }
    if let Some(entropy) = subject.data.entropy() {
        entropy_figures(entropy, &nll, report);
    }
    partition_figures(&partition, report);
    report.quadrature = Some(partition);
}

fn entropy_figures(entropy: f64, nll: &Measurement, report: &mut Report) {
    report.figures.push(Figure::plain(
        "data_entropy",
        "entropy of the data",
        (entropy, Unit::Nats),
        (None, 0),
        "closed form; no model's NLL can be lower in expectation",
    ));
    let mut divergence = nll.clone();
    divergence.value -= entropy;
    report.figures.push(Figure::nats(
        "data_divergence",
        "KL(data || model)",
        &divergence,
        "exact NLL minus the entropy of the data",
    ));
}

fn partition_figures(partition: &LogPartition, report: &mut Report) {
    let (points, error) = (partition.evaluations, partition.error);
    report.figures.push(Figure::plain(
        "log_z",
        "log Z",
        (partition.log_z, Unit::Nats),
        (None, points),
        format!(
            "quadrature on the box {} to {}, {} cells an axis on the data's box; error below {error:.1e} nats ({})",
            corner(&partition.region.low),
            corner(&partition.region.high),
            partition.cells_per_axis,
            if partition.converged {
                "converged"
            } else {
                "NOT converged"
            }
        ),
    ));
    report.figures.push(Figure::plain(
        "outside",
        "model probability outside the data's box",
        (partition.outside, Unit::Share),
        (None, points),
        format!(
            "quadrature; the data's box is {} to {}: the samples' bounding box and {:.0} % of its side",
            corner(&partition.data_box.low),
            corner(&partition.data_box.high),
            100.0 * MARGIN
        ),
    ));
}

fn corner(values: &[f64]) -> String {
    let values: Vec<String> = values.iter().map(|v| format!("{v:.3}")).collect();
    format!("({})", values.join(", "))
}

fn bounds(bounds: &StepReport, report: &mut Report) {
    let entries = [
        (
            "lower",
            "lower bound of the NLL",
            &bounds.lower,
            "E_data[E] - E_pg[E] + floor(H)",
        ),
        (
            "upper",
            "upper bound of the NLL",
            &bounds.upper,
            "ceil(L) from the upper bound in use",
        ),
        (
            "gap",
            "gap between the bounds",
            &bounds.gap,
            "upper minus lower bound; the terms they share cancel, also in the error",
        ),
        (
            "entropy",
            "lower bound of the generator's entropy",
            &bounds.entropy,
            "floor(H[p_g]) of the lower bound in use",
        ),
        (
            "divergence",
            "the upper bound's own term",
            &bounds.divergence,
            "as the upper bound in use defines it",
        ),
        ("data_energy", "energy of data", &bounds.data_energy, "E_data[E]"),
        (
            "generated_energy",
            "energy of generated samples",
            &bounds.generated_energy,
            "E_pg[E]",
        ),
    ];
    for (name, label, value, protocol) in entries {
        match value {
            Some(measurement) => report.figures.push(Figure::nats(name, label, measurement, protocol)),
            None => report.lack(name, "the bounds in use provide none"),
        }
    }
}

fn modes(
    data: &dyn Dataset,
    config: &EvaluateConfig,
    generated: Option<&[Real]>,
    held_out: &[Real],
    report: &mut Report,
) {
    let Some(modes) = data.modes() else {
        return report.lack("modes_covered", "the data set has no separate modes");
    };
    let within = format!("within {GOOD_RADIUS} standard deviations of the nearest mode's centre");
    match generated {
        None => report.lack("modes_covered", "the model has no generator"),
        Some(samples) => {
            let coverage = Coverage::of(samples, &modes);
            let mut enough = "at least one generated sample".to_string();
            if config.min_share > 0.0 {
                enough = format!("at least {:.3} % of the generated samples", 100.0 * config.min_share);
            }
            report.figures.push(Figure::plain(
                "modes_covered",
                &format!("modes covered, of {}", modes.centres.len()),
                (coverage.covered(config.min_share) as f64, Unit::Count),
                (None, coverage.samples),
                format!("modes that {enough} is nearest to and {within}"),
            ));
            let least = coverage.least_share();
            report.figures.push(Figure::plain(
                "least_mode_share",
                "samples of the least covered mode",
                (least, Unit::Share),
                (Some(coverage.standard_error(least)), coverage.samples),
                format!(
                    "share of generated samples; an even spread has {:.2} %",
                    100.0 / modes.centres.len() as f64
                ),
            ));
            report.figures.push(good_share(
                "good_share",
                "good samples",
                &coverage,
                &format!("generated samples {within}"),
            ));
        }
    }
    if !held_out.is_empty() {
        let coverage = Coverage::of(held_out, &modes);
        let protocol = format!("held-out samples {within}: what a perfect generator has");
        report.figures.push(good_share(
            "good_share_of_data",
            "good samples among data",
            &coverage,
            &protocol,
        ));
    }
}

fn good_share(name: &str, label: &str, coverage: &Coverage, protocol: &str) -> Figure {
    let share = coverage.good_share();
    let error = (Some(coverage.standard_error(share)), coverage.samples);
    Figure::plain(name, label, (share, Unit::Share), error, protocol)
}

/// Says what contradicts itself or should not be believed.
fn warn(report: &mut Report) {
    let mut warnings = Vec::new();
    if let Some(partition) = &report.quadrature {
        if !partition.converged {
            warnings.push(format!(
                "log Z did not converge: it is known to about {:.1e} nats only; raise quadrature.max_evaluations",
                partition.error
            ));
        }
        if partition.outside > LEAK {
            warnings.push(format!(
                "{:.1} % of the model's probability lies outside the data's box: the energy leaks; a quadratic confinement \
                 keeps it in",
                100.0 * partition.outside
            ));
        }
    }
    if let Some(sandwich) = &report.sandwich {
        for (name, side) in sandwich.sides().filter(|(_, side)| !side.held) {
            warnings.push(format!(
                "the {name} bound of the NLL ({:.4} nats) is {:.4} nats on the wrong side of the exact NLL ({:.4} nats): \
                 here it is no bound",
                side.bound, side.excess, sandwich.nll
            ));
        }
    }
    report.warnings.extend(warnings);
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::bounds::{Guarantee, Level};
    use ebm_core::data::{Modes, Standardization};
    use ebm_core::geometry::Runtime;
    use ebm_core::models::closed_form::{LinearGaussian, QuadraticEnergy};

    /// Standard normal data of any width, with a single mode.
    struct Normal(usize, Option<Standardization>);

    impl Dataset for Normal {
        fn width(&self) -> usize {
            self.0
        }
        fn draw(&self, n: usize, random: Random) -> Vec<Real> {
            random.stream("training").normals(n * self.0)
        }
        fn held_out(&self, n: usize, random: Random) -> Vec<Real> {
            random.stream("held-out").normals(n * self.0)
        }
        fn modes(&self) -> Option<Modes> {
            Some(Modes {
                centres: vec![vec![0.0; self.0]],
                standard_deviation: 1.0,
            })
        }
        fn entropy(&self) -> Option<f64> {
            // 1/2 log(2 pi e) each.
            Some(1.418_938_533_2 * self.0 as f64)
        }
        fn standardization(&self) -> Option<Standardization> {
            self.1.clone()
        }
    }

    fn identity(width: usize) -> Vec<f64> {
        (0..width * width)
            .map(|i| if i % (width + 1) == 0 { 1.0 } else { 0.0 })
            .collect()
    }

    fn run(data: &Normal, scale: f64, bounds: &StepReport) -> Report {
        let width = data.0;
        let geometry = Runtime {
            latent: width,
            data: width,
        };
        let energy = QuadraticEnergy::new(geometry, &identity(width), &vec![0.0; width]);
        let weight: Vec<f64> = identity(width).iter().map(|w| w * scale).collect();
        let generator = LinearGaussian::new(geometry, &weight, &vec![0.0; width], 0.0);
        let subject = Subject {
            energy: &energy,
            generator: Some(&generator),
            data,
            bounds,
        };
        evaluate(&subject, &EvaluateConfig::quick(), Random::new(1))
    }

    fn value(report: &Report, name: &str) -> f64 {
        report
            .figure(name)
            .unwrap_or_else(|| panic!("{name} is missing: {report:?}"))
            .value
    }

    #[test]
    fn the_true_model_has_the_likelihood_of_the_entropy_and_no_warning() {
        let report = run(&Normal(2, None), 1.0, &StepReport::default());
        let divergence = report.figure("data_divergence").unwrap();
        assert!(
            divergence.value.abs() < 4.0 * divergence.standard_error.unwrap(),
            "{report}"
        );
        assert_eq!(
            report.figure("nll").unwrap().guarantee.as_ref().unwrap().level,
            Level::Certified
        );
        assert!((value(&report, "log_z") - 1.837_877_066).abs() < 1e-3, "{report}");
        assert_eq!(value(&report, "modes_covered"), 1.0);
        // A chi-squared of two degrees of freedom exceeds 16 with probability exp(-8) = 0.0003.
        assert!(value(&report, "good_share") > 0.998 && value(&report, "good_share_of_data") > 0.998);
        assert_eq!(report.warnings, Vec::<String>::new());
    }

    #[test]
    fn samples_off_the_modes_are_counted_against_the_generator() {
        let report = run(&Normal(2, None), 2.0, &StepReport::default());
        // With doubled deviation a sample is good with probability 1 - exp(-16 / 8) = 0.8647.
        let good = report.figure("good_share").unwrap();
        assert!(
            (good.value - 0.864_665).abs() < 4.0 * good.standard_error.unwrap(),
            "{report}"
        );
    }

    #[test]
    fn beyond_two_dimensions_the_likelihood_is_absent_with_the_reason() {
        let report = run(&Normal(3, None), 1.0, &StepReport::default());
        assert!(report.figure("nll").is_none() && report.quadrature.is_none());
        let absent = report.absent.iter().find(|a| a.name == "nll").unwrap();
        assert!(
            absent.reason.contains("1 or 2 dimensions, the data has 3"),
            "{}",
            absent.reason
        );
        assert!(report.figure("good_share").is_some());
    }

    #[test]
    fn bounds_are_listed_and_one_on_the_wrong_side_is_called_out() {
        let bound = |value: f64| Some(Measurement::new(value, 0.01, 500, Guarantee::heuristic("test")));
        // The exact value is log(2 pi e) = 2.838.
        let good = StepReport {
            lower: bound(2.8),
            upper: bound(2.9),
            ..Default::default()
        };
        let report = run(&Normal(2, None), 1.0, &good);
        assert_eq!((value(&report, "lower"), report.warnings.len()), (2.8, 0));
        assert!(
            report.sandwich.as_ref().unwrap().held() && report.to_string().contains("Sandwich: lower 2.800 <= NLL")
        );
        assert!(report.absent.iter().any(|a| a.name == "entropy"));
        let bad = StepReport {
            lower: bound(3.1),
            upper: bound(2.6),
            ..Default::default()
        };
        let report = run(&Normal(2, None), 1.0, &bad);
        assert_eq!(report.warnings.len(), 2, "{report}");
        assert!(report.warnings[0].contains("lower bound") && report.warnings[1].contains("upper bound"));
    }

    #[test]
    fn standardised_data_has_its_likelihood_in_the_source_units_too() {
        let standardization = Standardization {
            mean: vec![0.0, 5.0],
            deviation: vec![2.0, 10.0],
        };
        let report = run(&Normal(2, Some(standardization)), 1.0, &StepReport::default());
        let difference = value(&report, "nll_in_source_units") - value(&report, "nll");
        assert!((difference - 20.0f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn options_that_make_no_sense_are_refused_by_name() {
        let mut config = EvaluateConfig::default();
        assert_eq!(config.check(), Ok(()));
        config.quadrature.tolerance = 0.0;
        assert_eq!(config.check().unwrap_err().key, "quadrature.tolerance");
        config.min_share = 1.5;
        assert_eq!(config.check().unwrap_err().key, "min_share");
    }
}
