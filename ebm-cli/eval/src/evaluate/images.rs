//! Figures of images by the features and classes of the own classifier.

use ebm_core::device::Real;
use ebm_core::error::ConfigError;
use ebm_core::geometry::Geometry;
use ebm_core::image::Part;
use ebm_core::random::Random;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::comparison::{Neighbours, Sampled, frechet_figure, neighbour_figures};
use super::figure::{Figure, Unit};
use super::generated::for_generated;
use super::protocol::Subject;
use super::report::Report;
use crate::classifier::{Classifier, FEATURES, Origin, trained};
use crate::metrics::{Features, MetricError, ModeHistogram, Moments, inception_score};

/// Fewer images than this train no classifier whose classes are worth something.
const FEWEST: usize = 1000;
/// Splits of the classifier's score.
const SPLITS: usize = 10;
/// Digits of the hash that each figure is given with; the accuracy's has all.
const DIGITS_OF_HASH: usize = 16;

/// What is measured of generated images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ImagesConfig {
    /// Measure grey images, and stacks of them, by a classifier that is trained on the data when it is first needed, and kept.
    pub classifier: bool,
    /// Generated samples whose modes are counted, where a sample is a stack of digits. 26000 is customary.
    pub stacked_samples: usize,
    /// Neighbours k of precision, recall, density and coverage.
    pub neighbours: usize,
    /// Most samples of each kind these are computed from: their time grows with its square.
    pub neighbour_samples: usize,
}

impl Default for ImagesConfig {
    fn default() -> Self {
        Self {
            classifier: true,
            stacked_samples: 26_000,
            neighbours: 5,
            neighbour_samples: 5000,
        }
    }
}

impl ImagesConfig {
    /// For a figure along the way: nothing.
    pub fn none() -> Self {
        Self {
            classifier: false,
            ..Default::default()
        }
    }

    /// Refuses values that cannot be used.
    ///
    /// # Errors
    /// The first such value, with what was expected.
    pub fn check(&self) -> Result<(), ConfigError> {
        let samples = self.stacked_samples;
        ConfigError::require(samples >= 2, "stacked_samples", samples, "at least 2 samples")?;
        ConfigError::require(self.neighbours > 0, "neighbours", self.neighbours, "a number > 0")?;
        ConfigError::require(
            self.neighbour_samples > self.neighbours,
            "neighbour_samples",
            self.neighbour_samples,
            &format!("more samples than neighbours ({})", self.neighbours),
        )
    }
}

/// Adds the figures, where the model has a generator and the data are grey images with classes, or stacks of such.
pub(super) fn images<G: Geometry>(
    subject: &Subject<'_, G>,
    config: &ImagesConfig,
    (held_out, generated): (&[Real], usize),
    random: Random,
    report: &mut Report,
) {
    let (Some(shape), true) = (subject.data.image(), config.classifier) else {
        return;
    };
    let random = random.stream("images");
    let digits = subject.data.stacked().unwrap_or(subject.data);
    let grey = digits.image().is_some_and(|shape| shape.channels == 1);
    let all = |part| digits.labelled(part, digits.len().unwrap_or(usize::MAX), random);
    let (Some(training), Some(test), true) = (all(Part::Training), all(Part::HeldOut), grey) else {
        return report.lack(
            "classifier_accuracy",
            "the classifier is for grey images with classes, and stacks of them",
        );
    };
    let classes = training.classes.len();
    if training.labels.len() < FEWEST || test.labels.is_empty() || !(2..=256).contains(&classes) {
        let (images, held) = (training.labels.len(), test.labels.len());
        return report.lack(
            "classifier_accuracy",
            format!(
                "a classifier needs at least {FEWEST} images of 2 to 256 classes, and held-out ones; there are {images} of {classes}, \
                 and {held}"
            ),
        );
    }
    let (classifier, origin) = trained(&training);
    if let Origin::Trained { trouble: Some(trouble) } = origin {
        report.warnings.push(trouble);
    }
    let judge = Judge {
        hash: classifier.hash(),
        classifier,
        channels: shape.channels,
    };
    let accuracy = judge.classifier.accuracy(&test);
    let count = test.labels.len();
    report.figures.push(Figure::plain(
        "classifier_accuracy",
        "accuracy of the classifier",
        (accuracy, Unit::Share),
        (Some((accuracy * (1.0 - accuracy) / count as f64).sqrt()), count),
        format!(
            "a perceptron {}-512-{FEATURES}-{classes} trained on {} images, on held-out ones; BLAKE3 of its weights {}",
            judge.classifier.pixels(),
            training.labels.len(),
            judge.hash
        ),
    ));
    let real = judge.look(held_out);
    let Some(generator) = subject.generator else {
        return report.lack("classifier_frechet", "the model has no generator");
    };
    let stacked = subject.data.stacked().is_some() && shape.channels == 3 && classes == 10;
    let modes = if stacked { config.stacked_samples } else { 0 };
    let mut seen = Seen::default();
    for_generated(generator, generated.max(modes), random.stream("generated"), |chunk| {
        seen.extend(judge.look(chunk));
    });
    if stacked {
        report
            .figures
            .extend(judge.modes("", "generated samples", &seen.classes[..3 * modes]));
        let data = subject.data.held_out(modes, random.stream("data"));
        let classes = judge.look(&data).classes;
        report
            .figures
            .extend(judge.modes("_of_data", "held-out samples: what a perfect generator has", &classes));
    }
    let known = judge.look(&subject.data.draw(generated, random.stream("training")));
    let sets = Sets {
        real: &real,
        generated: &seen.first(generated, &judge),
        training: &known,
    };
    match judge.compare(&sets, config) {
        Ok(figures) => report.figures.extend(figures),
        Err(error) => report.lack("classifier_frechet", error.to_string()),
    }
}

/// The classifier, and how many images a sample has.
struct Judge {
    classifier: Classifier,
    hash: String,
    channels: usize,
}

/// What the classifier says of samples.
#[derive(Clone, Default)]
struct Seen {
    /// `[n, channels * FEATURES]`
    features: Vec<f32>,
    /// `[n * channels, classes]`
    probabilities: Vec<f32>,
    /// `[n, channels]`
    classes: Vec<u8>,
}

/// What the classifier says of three sets of samples.
struct Sets<'a> {
    real: &'a Seen,
    generated: &'a Seen,
    training: &'a Seen,
}

impl Seen {
    fn extend(&mut self, more: Seen) {
        self.features.extend(more.features);
        self.probabilities.extend(more.probabilities);
        self.classes.extend(more.classes);
    }

    /// Of the first samples.
    fn first(&self, count: usize, judge: &Judge) -> Seen {
        let images = count * judge.channels;
        let part = |values: &[f32], width: usize| values[..values.len().min(images * width)].to_vec();
        Seen {
            features: part(&self.features, FEATURES),
            probabilities: part(&self.probabilities, judge.classifier.classes()),
            classes: self.classes[..self.classes.len().min(images)].to_vec(),
        }
    }
}

impl Judge {
    /// Looks at samples `[n, height, width, channels]`, each channel an image of its own.
    fn look(&self, samples: &[Real]) -> Seen {
        let planes = match self.channels {
            1 => samples.to_vec(),
            _ => planes(samples, self.classifier.pixels(), self.channels),
        };
        let (features, probabilities) = self.classifier.apply(&planes);
        Seen {
            features,
            classes: self.classifier.most_probable(&probabilities),
            probabilities,
        }
    }

    fn short_hash(&self) -> &str {
        &self.hash[..DIGITS_OF_HASH]
    }

    /// The modes of StackedMNIST.
    fn modes(&self, suffix: &str, what: &str, classes: &[u8]) -> [Figure; 2] {
        let digits: Vec<[u8; 3]> = classes.chunks_exact(3).map(|d| [d[0], d[1], d[2]]).collect();
        let histogram = ModeHistogram::of_stacked_digits(&digits);
        let (samples, all) = (histogram.samples(), histogram.classes());
        let named = |label: &str| match suffix {
            "" => label.to_string(),
            _ => format!("{label}, data"),
        };
        let how = format!(
            "the three digits that classifier {} sees in {samples} {what}",
            self.short_hash()
        );
        [
            Figure::plain(
                &format!("stacked_modes{suffix}"),
                &named(&format!("modes covered, of {all}")),
                (histogram.occupied() as f64, Unit::Count),
                (None, samples),
                format!("modes with at least one sample; a mode is {how}"),
            ),
            Figure::plain(
                &format!("stacked_kl{suffix}"),
                &named("KL(modes || uniform)"),
                (histogram.divergence(), Unit::Nats),
                (Some(histogram.divergence_standard_error()), samples),
                format!(
                    "of the histogram of modes, {how}; a perfect sampler scores {}/(2 x {samples}) = {:.4} in expectation",
                    all - 1,
                    histogram.expected_divergence()
                ),
            ),
        ]
    }

    fn extractor(&self) -> String {
        format!("of classifier {}", self.short_hash())
    }

    fn compare(&self, sets: &Sets<'_>, config: &ImagesConfig) -> Result<Vec<Figure>, MetricError> {
        let of = |seen: &'_ Seen| Moments::of(self.features(seen)?);
        let (real, generated, training) = (of(sets.real)?, of(sets.generated)?, of(sets.training)?);
        let side = |moments, what| Sampled { moments, what };
        let distance = |named, other| {
            let extractor = format!("{} (no FID)", self.extractor());
            frechet_figure(named, side(&real, "held-out samples"), other, &extractor)
        };
        let mut figures = vec![
            distance(
                ("classifier_frechet", "classifier Frechet distance"),
                side(&generated, "generated samples"),
            )?,
            distance(
                ("classifier_frechet_of_data", "classifier Frechet distance, data"),
                side(&training, "training samples (what a perfect generator has)"),
            )?,
        ];
        if self.channels == 1 {
            figures.push(self.score(sets.generated)?);
        }
        let neighbours = Neighbours {
            k: config.neighbours,
            most: config.neighbour_samples,
        };
        let (real, generated) = (self.features(sets.real)?, self.features(sets.generated)?);
        figures.extend(neighbour_figures(real, generated, neighbours, &self.extractor())?);
        Ok(figures)
    }

    fn features<'a>(&self, seen: &'a Seen) -> Result<Features<'a>, MetricError> {
        Features::new(&seen.features, self.channels * FEATURES)
    }

    fn score(&self, generated: &Seen) -> Result<Figure, MetricError> {
        let classes = self.classifier.classes();
        let score = inception_score(&generated.probabilities, classes, SPLITS)?;
        let mut figure = Figure::plain(
            "classifier_score",
            "classifier score",
            (score.mean, Unit::Number),
            (None, generated.classes.len()),
            format!(
                "exp of the mean KL(p(class | x) || p(class)) over {SPLITS} splits, from 1 to {classes}, {}; no inception score",
                self.extractor()
            ),
        );
        figure.diagnostics = vec![("deviation_over_splits".into(), score.deviation)];
        Ok(figure)
    }
}

/// `[n, pixels, channels]` to `[n, channels, pixels]`.
fn planes(samples: &[Real], pixels: usize, channels: usize) -> Vec<Real> {
    let planes = |sample: &[Real]| -> Vec<Real> {
        (0..channels)
            .flat_map(|channel| sample[channel..].iter().step_by(channels))
            .copied()
            .collect()
    };
    samples.chunks_exact(pixels * channels).flat_map(planes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_become_images() {
        let samples = [1.0, 10.0, 2.0, 20.0, 3.0, 30.0, 4.0, 40.0, 5.0, 50.0, 6.0, 60.0];
        let expected = [1.0, 2.0, 3.0, 10.0, 20.0, 30.0, 4.0, 5.0, 6.0, 40.0, 50.0, 60.0];
        assert_eq!(planes(&samples, 3, 2), expected);
    }
}
