use ebm_core::{device::Real, image::Part};
use ebm_train::Cancelled;

use super::Context;
use crate::classifier::{Classifier, FEATURES, Origin, trained};
use crate::features::{Features, MetricError, Moments, planes};

/// Fewer images than this train no classifier whose classes are worth something.
const FEWEST: usize = 1000;
/// Digits of the hash that each value is given with; the accuracy's has all.
const DIGITS_OF_HASH: usize = 16;
/// Digits in a sample of StackedMNIST.
const STACKED: usize = 3;

/// A classifier and what it says of samples.
pub(super) struct Classified {
    pub classifier: Classifier,
    /// Why it could not be kept for another time, or was trained again.
    pub trouble: Option<String>,
    /// Share of held-out images that it puts into their class.
    pub accuracy: f64,
    /// Number of images that it was trained on, and that the accuracy is of.
    pub counts: [usize; 2],
    /// Images in a sample: one a channel.
    pub channels: usize,
    /// Samples, if the model has a generator.
    pub sets: Option<Sets>,
}

/// The output of the classifier for sets of samples.
pub(super) struct Sets {
    pub held_out: Seen,
    /// As many generated samples as are configured.
    pub generated: Seen,
    /// As many samples to train on.
    pub training: Seen,
    /// The digits of generated and of held-out samples, where these are stacks of three.
    pub stacked: Option<[Vec<[u8; STACKED]>; 2]>,
}

/// The output of the classifier for some samples.
#[derive(Default)]
pub(super) struct Seen {
    /// `[n, channels * FEATURES]`
    features: Vec<f64>,
    /// `[n * channels, classes]`
    pub probabilities: Vec<f32>,
    /// `[n, channels]`
    pub classes: Vec<u8>,
}

impl Seen {
    fn extend(&mut self, more: Seen) {
        self.features.extend(more.features);
        self.probabilities.extend(more.probabilities);
        self.classes.extend(more.classes);
    }

    fn truncate(&mut self, images: usize, classes: usize) {
        self.features.truncate(images * FEATURES);
        self.probabilities.truncate(images * classes);
        self.classes.truncate(images);
    }
}

impl Classified {
    /// Finds or trains a classifier, where the data are grey images with classes or stacks of such, and shows it the samples.
    pub fn of(context: &Context<'_>) -> Result<Option<Self>, String> {
        let (data, config) = (context.data, context.config);
        let (Some(shape), true) = (data.image(), config.images.classifier) else {
            return Ok(None);
        };
        let random = context.random.stream("images");
        let digits = data.stacked().unwrap_or(data);
        let grey = digits.image().is_some_and(|shape| shape.channels == 1);
        let all = |part| digits.labelled(part, digits.len().unwrap_or(usize::MAX), random);
        let (Some(training), Some(test), true) = (all(Part::Training), all(Part::HeldOut), grey) else {
            return Err("the classifier is for grey images with classes, and stacks of them".into());
        };
        let (counts, classes) = ([training.labels.len(), test.labels.len()], training.classes.len());
        if counts[0] < FEWEST || counts[1] == 0 || !(2..=256).contains(&classes) {
            return Err(format!(
                "a classifier needs at least {FEWEST} images of 2 to 256 classes, and held-out ones; there are {} of {classes}, and {}",
                counts[0], counts[1]
            ));
        }
        let cancelled = |cancelled: Cancelled| cancelled.to_string();
        let (classifier, origin) = trained(&training, &context.cancel).map_err(cancelled)?;
        let mut classified = Self {
            accuracy: classifier.accuracy(&test),
            classifier,
            trouble: if let Origin::Trained { trouble } = origin { trouble } else { None },
            counts,
            channels: shape.channels,
            sets: None,
        };
        if context.has_generator() {
            context.cancel.check().map_err(cancelled)?;
            let held_out = classified.look(&context.held_out);
            let is_stacked = data.stacked().is_some() && shape.channels == STACKED && classes == 10;
            let stacks = if is_stacked { config.images.stacked_samples } else { 0 };
            let mut generated = Seen::default();
            context.for_generated(config.generated.max(stacks), random.stream("generated"), |chunk| {
                generated.extend(classified.look(chunk));
            });
            let stacked = is_stacked.then(|| {
                let of_data = classified.look(&data.held_out(stacks, random.stream("data")));
                let digits = |classes: &[u8]| classes.as_chunks().0.to_vec();
                [digits(&generated.classes[..STACKED * stacks]), digits(&of_data.classes)]
            });
            generated.truncate(config.generated * shape.channels, classes);
            classified.sets = Some(Sets {
                held_out,
                generated,
                training: classified.look(&data.draw(config.generated, random.stream("training"))),
                stacked,
            });
        }
        Ok(Some(classified))
    }

    /// Looks at samples `[n, height, width, channels]`, each channel an image of its own.
    fn look(&self, samples: &[Real]) -> Seen {
        let images = planes(samples, self.classifier.pixels, self.channels);
        let (features, probabilities) = self.classifier.apply(&images);
        Seen { features, classes: self.classifier.most_probable(&probabilities), probabilities }
    }

    /// The classifier, as protocols name it.
    pub fn name(&self) -> String {
        format!("classifier {}", &self.classifier.hash()[..DIGITS_OF_HASH])
    }

    /// The features of samples.
    pub fn features<'s>(&self, seen: &'s Seen) -> Result<Features<'s>, MetricError> {
        Features::new(&seen.features, self.channels * FEATURES)
    }

    /// Mean and covariance of the features of samples.
    pub fn moments(&self, seen: &Seen) -> Result<Moments, MetricError> {
        Moments::of(self.features(seen)?)
    }
}
