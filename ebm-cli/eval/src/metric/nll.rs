//! The exact negative log-likelihood and log Z.

use super::context::{Context, MARGIN};
use super::registry::{Findings, Metric, Reason};
use super::value::{MetricValue, Unit};
use crate::quadrature::{LogPartition, exact_nll};

/// The mean energy of held-out samples plus log Z by quadrature, what it says about the data's entropy, and log Z itself.
struct ExactNll;

crate::register_metric!(
    ExactNll,
    place: 10,
    needs: [HeldOut, OneOrTwoDimensions],
    values: [
        "nll": Nats, Lower,
        "nll_in_source_units": Nats, Lower,
        "data_entropy": Nats, Lower,
        "data_divergence": Nats, Lower,
        "log_z": Nats, Lower,
        "outside": Share, Lower,
    ],
);

impl Metric for ExactNll {
    fn measure(&self, context: &Context<'_>, found: &mut Findings) -> Result<(), Reason> {
        let partition = context.log_partition().map_err(|error| format!("no exact value: {error}"))?;
        let nll = exact_nll(&context.energies(&context.held_out), partition);
        let shifted = |by: f64| {
            let mut shifted = nll.clone();
            shifted.value += by;
            shifted
        };
        found.push(MetricValue::nats(
            "nll",
            "exact NLL",
            &nll,
            "mean of E(x) + log Z over held-out samples, log Z by quadrature",
        ));
        if let Some(standardization) = context.data.standardization() {
            found.push(MetricValue::nats(
                "nll_in_source_units",
                "exact NLL in the source's units",
                &shifted(standardization.log_volume()),
                "the exact NLL plus the sum of the columns' log standard deviations",
            ));
        }
        if let Some(entropy) = context.data.entropy() {
            found.push(MetricValue::new(
                "data_entropy",
                "entropy of the data",
                (entropy, Unit::Nats),
                0,
                "closed form; no model's NLL can be lower in expectation",
            ));
            found.push(MetricValue::nats(
                "data_divergence",
                "KL(data || model)",
                &shifted(-entropy),
                "exact NLL minus the entropy of the data",
            ));
        }
        partition_values(partition, found);
        Ok(())
    }
}

fn partition_values(partition: &LogPartition, found: &mut Findings) {
    let (points, error) = (partition.evaluations, partition.error);
    found.push(MetricValue::new(
        "log_z",
        "log Z",
        (partition.log_z, Unit::Nats),
        points,
        format!(
            "quadrature on the box {} to {}, {} cells an axis on the data's box; error below {error:.1e} nats ({})",
            corner(&partition.region.low),
            corner(&partition.region.high),
            partition.cells_per_axis,
            if partition.converged { "converged" } else { "NOT converged" }
        ),
    ));
    found.push(MetricValue::new(
        "outside",
        "model probability outside the data's box",
        (partition.outside, Unit::Share),
        points,
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
