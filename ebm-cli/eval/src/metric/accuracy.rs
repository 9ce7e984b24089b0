use super::{Context, Findings, Metric, MetricValue, Reason, Unit, classified::Classified};
use crate::classifier::FEATURES;

/// The share of held-out images that the classifier, which other metrics rely on, puts into their class.
struct Accuracy;

// It names no need: whoever has images is told why there is no classifier.
crate::register_metric!(Accuracy, place: 50, needs: [], values: ["classifier_accuracy": Share, Higher]);

impl Metric for Accuracy {
    fn measure(&self, context: &Context<'_>, found: &mut Findings) -> Result<(), Reason> {
        let Some(classified) = context.classified().map_err(String::as_str)? else { return Ok(()) };
        found.warnings.extend(classified.trouble.clone());
        let Classified { classifier, accuracy, counts: [trained, held_out], .. } = classified;
        let protocol = format!(
            "a perceptron {}-512-{FEATURES}-{} trained on {trained} images, on held-out ones; BLAKE3 of its weights {}",
            classifier.pixels,
            classifier.classes,
            classifier.hash()
        );
        let (value, label) = ((*accuracy, Unit::Share), "accuracy of the classifier");
        let value = MetricValue::new("classifier_accuracy", label, value, *held_out, protocol);
        found.push(value.with_error((accuracy * (1.0 - accuracy) / *held_out as f64).sqrt()));
        Ok(())
    }
}
