//! The accuracy of the classifier that other metrics rely on.

use super::Context;
use super::registry::{Findings, Metric, Reason};
use super::value::{MetricValue, Unit};
use crate::classifier::FEATURES;

/// The share of held-out images that the classifier puts into their class.
struct Accuracy;

// It names no need: whoever has images is told why there is no classifier.
crate::register_metric!(Accuracy, place: 50, needs: [], values: ["classifier_accuracy": Share, Higher]);

impl Metric for Accuracy {
    fn measure(&self, context: &Context<'_>, found: &mut Findings) -> Result<(), Reason> {
        let Some(classified) = context.classified().map_err(String::as_str)? else {
            return Ok(());
        };
        found.warnings.extend(classified.trouble.clone());
        let (classifier, accuracy, [trained, held_out]) =
            (&classified.classifier, classified.accuracy, classified.counts);
        let protocol = format!(
            "a perceptron {}-512-{FEATURES}-{} trained on {trained} images, on held-out ones; BLAKE3 of its weights {}",
            classifier.pixels(),
            classifier.classes(),
            classifier.hash()
        );
        let label = "accuracy of the classifier";
        let error = (accuracy * (1.0 - accuracy) / held_out as f64).sqrt();
        found.push(
            MetricValue::new("classifier_accuracy", label, (accuracy, Unit::Share), held_out, protocol)
                .with_error(error),
        );
        Ok(())
    }
}
