use ebm_core::bounds::{Guarantee, Measurement};

use super::of_log_z::push_nll;
use super::{Context, Findings, Metric, MetricValue, Reason, Unit};
use crate::annealing::LogMean;

/// Share of the weights that must be effective for an upper bound to be given.
const EFFECTIVE: f64 = 0.01;
/// And their number.
const FEWEST: f64 = 10.0;

/// Bounds of log Z and of the NLL from the generator's own weights, in any number of dimensions.
struct GeneratorWeights;

crate::register_metric!(
    GeneratorWeights,
    place: 22,
    needs: [HeldOut, Generator],
    values: [
        "weights_nll": Nats, Lower,
        "weights_nll_in_source_units": Nats, Lower,
        "cubo_nll": Nats, Lower,
        "cubo_nll_in_source_units": Nats, Lower,
        "weights_log_z": Nats, Lower,
        "cubo_log_z": Nats, Lower,
        "effective_share": Share, Higher,
    ],
);

impl Metric for GeneratorWeights {
    fn measure(&self, context: &Context<'_>, found: &mut Findings) -> Result<(), Reason> {
        let weights = context.generator_weights()?;
        let (mean, n) = (LogMean::of(&weights), weights.len());
        if !mean.value.is_finite() {
            return Err(
                "the generator's weights have no mean above zero: energies of its samples are not finite".into()
            );
        }
        let share = mean.effective / n as f64;
        let protocol = format!(
            "from {n} weights exp(-E(x)) / p_g(x) of the generator's samples; nothing is seen where it does not go"
        );
        let (label, effective) = ("effective share of the generator's weights", (share, Unit::Share));
        let of_weights = "(sum w)^2 / (n sum w^2): small where the generator is not the model";
        let measured = |value: f64, error: f64, guarantee| {
            Measurement::new(value, error, n, guarantee).with("effective_weights", mean.effective)
        };
        let lower = Guarantee::certified(
            "in expectation: the weights' mean is Z, so its logarithm is too low on average, the more the fewer weights carry it",
        );
        let lower = measured(mean.value, mean.standard_error, lower);
        let (method, name) = ("generator's weights", ("weights_nll", "lower bound of the NLL, generator's weights"));
        push_nll(context, found, name, &lower, &format!("mean of E(x) over held-out samples + log mean w, {protocol}"));
        let upper = if share < EFFECTIVE || mean.effective < FEWEST {
            let few = format!(
                "{:.1} of {n} weights carry the mean ({:.2} %, of which 1 % and {FEWEST} are needed): the generator is too far from the model for an \
                 upper bound",
                mean.effective,
                100.0 * share
            );
            ["cubo_nll", "cubo_log_z"].iter().for_each(|name| found.lack(name, &few));
            None
        } else {
            let (value, error) = cubo(&weights);
            let claim = "above log Z with infinitely many weights that have a finite variance; with these it may be too low, as by \
                         a well where the generator does not go";
            let upper = measured(value, error, Guarantee::asymptotic(claim));
            let name = ("cubo_nll", "upper bound of the NLL, generator's weights");
            push_nll(context, found, name, &upper, &format!("mean of E(x) over held-out samples + CUBO_2, {protocol}"));
            Some(upper)
        };
        let lower_label = format!("lower bound of log Z, {method}");
        found.push(MetricValue::nats("weights_log_z", &lower_label, &lower, format!("log mean w, {protocol}")));
        if let Some(upper) = &upper {
            let cubo = format!("CUBO_2 = 1/2 log mean w^2 with the jackknife's correction, {protocol}");
            found.push(MetricValue::nats("cubo_log_z", &format!("upper bound of log Z, {method}"), upper, cubo));
        }
        found.push(MetricValue::new("effective_share", label, effective, n, of_weights));
        Ok(())
    }
}

/// `1/2 log mean w^2` with the jackknife's correction of its bias, and its standard error, of weights given by their logarithms.
fn cubo(logarithms: &[f64]) -> (f64, f64) {
    let n = logarithms.len() as f64;
    let doubled: Vec<f64> = logarithms.iter().map(|l| 2.0 * l).collect();
    let whole = LogMean::of(&doubled);
    let largest = doubled.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let squares: Vec<f64> = doubled.iter().map(|l| (l - largest).exp()).collect();
    let sum: f64 = squares.iter().sum();
    let without = |square: &f64| largest + ((sum - square) / (n - 1.0)).ln();
    let others = squares.iter().map(without).sum::<f64>() / n;
    (0.5 * (n * whole.value - (n - 1.0) * others), 0.5 * whole.standard_error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::Mean;
    use ebm_core::random::Random;

    #[test]
    fn of_equal_weights_both_sides_are_the_same() {
        let (value, error) = cubo(&[3.0; 50]);
        assert!((value - 3.0).abs() < 1e-9 && error.abs() < 1e-9, "{value} {error}");
    }

    #[test]
    fn of_log_normal_weights_it_is_known() {
        // log w ~ N(0, s^2): log Z = s^2 / 2, CUBO_2 = s^2; the correction leaves little of a bias.
        let spread = 0.5f64;
        let runs = (0..200).map(|seed| {
            let logs: Vec<f64> = Random::new(seed).normals(500).iter().map(|n| spread * f64::from(*n)).collect();
            cubo(&logs).0
        });
        let found = Mean::of(runs);
        let off = found.value - spread.powi(2);
        assert!(off.abs() < 4.0 * found.standard_error + 1e-3, "{found:?}");
        assert!(found.value > 0.5 * spread.powi(2) + 0.1);
    }
}
