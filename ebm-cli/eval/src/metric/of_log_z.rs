use ebm_core::bounds::Measurement;

use super::{Context, Findings, MetricValue};

/// Adds the negative log-likelihood that a value of log Z gives, also in the source's units, where the data is standardised.
pub(super) fn push_nll(
    context: &Context<'_>,
    found: &mut Findings,
    (name, label): (&str, &str),
    log_z: &Measurement,
    protocol: &str,
) {
    let energies = context.held_out_energies().iter().map(|energy| f64::from(*energy));
    let mut nll = Measurement::of(energies, log_z.guarantee.clone()).plus(log_z.value);
    nll.standard_error = nll.standard_error.hypot(log_z.standard_error);
    push(context, found, (name, label), &nll, protocol);
}

/// Adds a negative log-likelihood, also in the source's units.
pub(super) fn push(
    context: &Context<'_>,
    found: &mut Findings,
    (name, label): (&str, &str),
    nll: &Measurement,
    protocol: &str,
) {
    if !nll.value.is_finite() {
        return found.lack(name, "a held-out sample has an energy that is not finite");
    }
    found.push(MetricValue::nats(name, label, nll, protocol));
    if let Some(standardization) = context.data.standardization() {
        let nll = nll.clone().plus(standardization.log_volume());
        let (name, label) = (format!("{name}_in_source_units"), format!("{label}, in the source's units"));
        let protocol = "the same plus the sum of the columns' log standard deviations";
        found.push(MetricValue::nats(&name, &label, &nll, protocol));
    }
}
