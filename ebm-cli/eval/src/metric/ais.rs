use ebm_core::bounds::{Guarantee, Measurement};

use super::of_log_z::push_nll;
use super::{Context, Findings, Metric, MetricValue, Reason};
use crate::annealing::{Annealed, Bracket};

/// Equal weights that would spread as little as the chains' must be so many, or the reader is warned.
const EFFECTIVE: f64 = 10.0;
/// The bounds may cross by this many standard errors before the reader is warned.
const STANDARD_ERRORS: f64 = 4.0;

/// Bounds of log Z and of the NLL by annealed importance sampling and its reverse, in any number of dimensions.
struct Ais;

crate::register_metric!(
    Ais,
    place: 20,
    needs: [Chains, HeldOut],
    values: [
        "ais_nll": Nats, Lower,
        "ais_nll_in_source_units": Nats, Lower,
        "ais_log_z": Nats, Lower,
        "reverse_ais_log_z": Nats, Lower,
        "reverse_ais_nll": Nats, Lower,
        "reverse_ais_nll_in_source_units": Nats, Lower,
    ],
);

impl Metric for Ais {
    fn measure(&self, context: &Context<'_>, found: &mut Findings) -> Result<(), Reason> {
        let config = &context.config.annealing;
        let bracket = context.bracket()?;
        let way =
            format!("{} chains through {} distributions from {}", config.chains, config.temperatures, bracket.start);
        let lower = Guarantee::certified(
            "the weights are unbiased whatever the transitions do, so the logarithm of their mean is too low in expectation",
        );
        let upper = Guarantee::asymptotic(format!(
            "too high in expectation from exact samples of the model; these are ends of the forward chains, drawn by weight, after \
             {} transitions on the model; a well that no chain met makes it too low, however well the two sides agree",
            config.burn_in
        ));
        let backwards = format!("{way}, backwards");
        let sides = [
            ("ais", "lower", "AIS", way, measurement(&bracket.forward, lower)),
            ("reverse_ais", "upper", "reverse AIS", backwards, measurement(&bracket.backward, upper)),
        ];
        for (name, side, method, protocol, log_z) in &sides {
            let label = format!("{side} bound of log Z, {method}");
            found.push(MetricValue::nats(&format!("{name}_log_z"), &label, log_z, protocol));
        }
        for (name, side, method, _, log_z) in &sides {
            let label = format!("{side} bound of the NLL, {method}");
            let protocol = format!("mean of E(x) over held-out samples + the {side} bound of log Z");
            push_nll(context, found, (&format!("{name}_nll"), &label), log_z, &protocol);
        }
        found.warnings.extend(doubts(&bracket));
        Ok(())
    }
}

fn measurement(found: &Annealed, guarantee: Guarantee) -> Measurement {
    Measurement::new(found.log_z, found.standard_error, found.chains, guarantee)
        .with("effective_chains", found.effective)
        .with("acceptance", found.acceptance)
        .with("not_finite", found.not_finite as f64)
}

fn doubts(Bracket { forward, backward, .. }: &Bracket) -> Vec<String> {
    let mut doubts = Vec::new();
    for (name, found) in [("AIS", forward), ("reverse AIS", backward)] {
        if found.effective < EFFECTIVE {
            doubts.push(format!(
                "{name}: {:.1} of {} chains carry the mean weight, so the standard error is too small; raise \
                 evaluate.annealing.temperatures",
                found.effective, found.chains
            ));
        }
    }
    let crossed = forward.log_z - backward.log_z;
    if crossed > STANDARD_ERRORS * forward.standard_error.hypot(backward.standard_error) {
        doubts.push(format!(
            "the bounds of log Z by AIS cross by {crossed:.3} nats: the samples that the upper one starts from are not the model's; \
             raise evaluate.annealing.burn_in"
        ));
    }
    doubts
}
