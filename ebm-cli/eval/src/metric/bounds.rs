use super::{Context, Findings, Metric, MetricValue, Reason};

/// The bounds in use, the gap between them, and their terms, on a fresh batch.
struct Bounds;

crate::register_metric!(
    Bounds,
    place: 30,
    needs: [],
    values: [
        "lower" as "lower": Nats, Lower,
        "upper" as "upper": Nats, Lower,
        "gap" as "gap": Nats, Lower,
        "entropy": Nats, Lower,
        "divergence": Nats, Lower,
        "data_energy": Nats, Lower,
        "generated_energy": Nats, Lower,
    ],
);

impl Metric for Bounds {
    fn measure(&self, context: &Context<'_>, found: &mut Findings) -> Result<(), Reason> {
        let bounds = context.bounds;
        let gap = "upper minus lower bound; the terms they share cancel, also in the error";
        let entropy = "floor(H[p_g]) of the lower bound in use";
        for (name, value, label, protocol) in [
            ("lower", &bounds.lower, "lower bound of the NLL", "E_data[E] - E_pg[E] + floor(H)"),
            ("upper", &bounds.upper, "upper bound of the NLL", "ceil(L) from the upper bound in use"),
            ("gap", &bounds.gap, "gap between the bounds", gap),
            ("entropy", &bounds.entropy, "lower bound of the generator's entropy", entropy),
            ("divergence", &bounds.divergence, "the upper bound's own term", "as the upper bound in use defines it"),
            ("data_energy", &bounds.data_energy, "energy of data", "E_data[E]"),
            ("generated_energy", &bounds.generated_energy, "energy of generated samples", "E_pg[E]"),
        ] {
            match value {
                Some(measurement) => found.push(MetricValue::nats(name, label, measurement, protocol)),
                None => found.lack(name, "the bounds in use provide none"),
            }
        }
        Ok(())
    }
}
