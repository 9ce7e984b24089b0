use super::context::{Context, MARGIN};
use super::{Findings, Metric, MetricValue, Reason, Unit};
use crate::quadrature::{LogPartition, exact_nll, normalised_nll};
use ebm_core::bounds::Measurement;
use ebm_train::grid::Region;

/// The mean energy of held-out samples plus log Z, known or by quadrature, what it says about the data's entropy, and log Z itself.
struct ExactNll;

crate::register_metric!(
    ExactNll,
    place: 10,
    needs: [HeldOut, LogPartition],
    values: [
        "nll" as "exact NLL": Nats, Lower,
        "nll_in_source_units": Nats, Lower,
        "data_entropy": Nats, Lower,
        "data_divergence": Nats, Lower,
        "log_z": Nats, Lower,
        "log_z_low": Nats, Lower,
        "log_z_high": Nats, Lower,
        "outside": Share, Lower,
    ],
);

impl Metric for ExactNll {
    fn measure(&self, context: &Context<'_>, found: &mut Findings) -> Result<(), Reason> {
        let Some(log_z) = context.known_log_partition else {
            let partition = context.log_partition().map_err(|error| format!("no exact value: {error}"))?;
            let proved = || partition.proof.as_ref().and_then(|_| context.proved_energies(&context.held_out));
            let (energies, rounding) = proved().unwrap_or_else(|| (plain_energies(context), 0.0));
            let nll = exact_nll(&energies, rounding, partition);
            push(&nll, "log Z by quadrature", context, found);
            partition_values(partition, found);
            return Ok(());
        };
        push(&normalised_nll(&plain_energies(context), log_z), "log Z known", context, found);
        // In one or two dimensions a quadrature still tells where the model's probability is.
        match (context.data.width() <= 2).then(|| context.log_partition()) {
            Some(Ok(partition)) => partition_values(partition, found),
            _ => {
                let protocol = "known: the energy is that of a normalised density";
                found.push(MetricValue::new("log_z", "log Z", (log_z, Unit::Nats), 0, protocol));
            }
        }
        Ok(())
    }
}

fn plain_energies(context: &Context<'_>) -> Vec<f64> {
    context.held_out_energies().iter().map(|energy| f64::from(*energy)).collect()
}

/// Adds the negative log-likelihood, and what follows from it.
fn push(nll: &Measurement, of_log_z: &str, context: &Context<'_>, found: &mut Findings) {
    let protocol = format!("mean of E(x) + log Z over held-out samples, {of_log_z}");
    found.push(MetricValue::nats("nll", "exact NLL", nll, protocol));
    if let Some(standardization) = context.data.standardization() {
        let nll = nll.clone().plus(standardization.log_volume());
        let protocol = "the exact NLL plus the sum of the columns' log standard deviations";
        found.push(MetricValue::nats("nll_in_source_units", "exact NLL in the source's units", &nll, protocol));
    }
    if let Some(entropy) = context.data.entropy() {
        let protocol = "closed form; no model's NLL can be lower in expectation";
        found.push(MetricValue::new("data_entropy", "entropy of the data", (entropy, Unit::Nats), 0, protocol));
        let (divergence, protocol) = (nll.clone().plus(-entropy), "exact NLL minus the entropy of the data");
        found.push(MetricValue::nats("data_divergence", "KL(data || model)", &divergence, protocol));
    }
}

fn partition_values(partition: &LogPartition, found: &mut Findings) {
    let shown = |region: &Region| format!("{} to {}", corner(&region.low), corner(&region.high));
    let protocol = format!(
        "quadrature on the box {}, {} cells an axis on the data's box; an error of {:.1e} nats is estimated ({})",
        shown(&partition.region),
        partition.cells_per_axis,
        partition.error,
        if partition.converged { "converged" } else { "NOT converged" }
    );
    let log_z = partition.best();
    if log_z != partition.log_z {
        found.warnings.push(format!(
            "the grid did not see all of the model's mass: its log Z of {:.4} nats is outside of what is proved",
            partition.log_z
        ));
    }
    found.push(MetricValue::new("log_z", "log Z", (log_z, Unit::Nats), partition.evaluations, protocol));
    if let Some(proof) = &partition.proof {
        let protocol = format!("proved by {} boxes that fill all space, and the confinement beyond", proof.boxes);
        for (name, label, value) in
            [("log_z_low", "log Z is at least", proof.low), ("log_z_high", "log Z is at most", proof.high)]
        {
            found.push(MetricValue::new(name, label, (value, Unit::Nats), proof.boxes, protocol.clone()));
        }
    }
    let (outside, label) = ((partition.outside, Unit::Share), "model probability outside the data's box");
    let protocol = format!(
        "quadrature; the data's box is {}: the samples' bounding box and {:.0} % of its side, on numbers without rounding",
        shown(&partition.data_box),
        100.0 * MARGIN
    );
    found.push(MetricValue::new("outside", label, outside, partition.evaluations, protocol));
}

fn corner(values: &[f64]) -> String {
    let values: Vec<String> = values.iter().map(|v| format!("{v:.3}")).collect();
    format!("({})", values.join(", "))
}
