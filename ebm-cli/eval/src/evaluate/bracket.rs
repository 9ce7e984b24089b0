//! The likelihood between two bounds, in any number of dimensions.

use crate::quadrature::energies;
use ebm_core::bounds::{Guarantee, Measurement};
use ebm_core::device::Real;
use ebm_core::geometry::Geometry;
use ebm_core::random::Random;

use super::figure::Figure;
use super::protocol::Subject;
use super::report::Report;
use crate::annealing::{Annealed, Annealing, AnnealingConfig, Base};

/// Equal weights that would spread as little as the chains' must be so many, or the reader is warned.
const EFFECTIVE: f64 = 10.0;
/// The bounds may cross by this many standard errors before the reader is warned.
const STANDARD_ERRORS: f64 = 4.0;
/// Samples that the Gaussian is fitted to, at most.
const FITTED: usize = 10_000;

/// Brackets log Z and the NLL by annealed importance sampling and its reverse, if the configuration asks for chains.
pub(super) fn bracket<G: Geometry>(
    subject: &Subject<'_, G>,
    config: &AnnealingConfig,
    held_out: &[Real],
    random: Random,
    report: &mut Report,
) {
    if config.chains == 0 {
        // Up to two dimensions the quadrature knows better.
        if subject.data.width() > 2 {
            report.lack(
                "ais_nll",
                "off; evaluate.annealing.chains turns it on (some hundred chains)",
            );
        }
        return;
    }
    if let Err(reason) = bracketed(subject, config, held_out, random.stream("annealing"), report) {
        report.lack("ais_nll", reason);
    }
}

fn bracketed<G: Geometry>(
    subject: &Subject<'_, G>,
    config: &AnnealingConfig,
    held_out: &[Real],
    random: Random,
    report: &mut Report,
) -> Result<(), String> {
    if held_out.is_empty() {
        return Err("the data set holds out no samples".into());
    }
    let seen = subject.data.draw(FITTED, random.stream("fit"));
    let base = Base::fit(&seen, subject.data.width()).map_err(|error| error.to_string())?;
    let annealing = Annealing::new(subject.energy, &base, config, random);
    let forward = annealing.forward(random).map_err(|error| error.to_string())?;
    let samples = annealing.samples(&forward, random);
    let backward = annealing.backward(samples, random).map_err(|error| error.to_string())?;
    let of_data = energies(subject.energy, held_out);
    let of_data = Measurement::of(
        of_data.into_iter().map(f64::from),
        Guarantee::certified("a sample mean"),
    );

    let way = format!(
        "{} chains through {} distributions from a Gaussian fitted to {FITTED} samples of the data",
        config.chains, config.temperatures
    );
    let lower = measurement(
        &forward,
        Guarantee::certified(
            "the weights are unbiased whatever the transitions do, so the logarithm of their mean is too low in expectation",
        ),
    );
    let upper = measurement(
        &backward,
        Guarantee::asymptotic(format!(
            "too high in expectation from exact samples of the model; these are ends of the forward chains, drawn by weight, after \
             {} transitions on the model",
            config.burn_in
        )),
    );
    let sides = [
        ("ais", "AIS", "lower", way.clone(), lower),
        (
            "reverse_ais",
            "reverse AIS",
            "upper",
            format!("{way}, backwards"),
            upper,
        ),
    ];
    for (name, method, side, protocol, log_z) in &sides {
        let label = format!("{side} bound of log Z, {method}");
        report
            .figures
            .push(Figure::nats(&format!("{name}_log_z"), &label, log_z, protocol));
    }
    for (name, method, side, _, log_z) in &sides {
        let mut nll = of_data.clone();
        nll.value += log_z.value;
        nll.standard_error = nll.standard_error.hypot(log_z.standard_error);
        nll.guarantee = log_z.guarantee.clone();
        let label = format!("{side} bound of the NLL, {method}");
        let protocol = format!("mean of E(x) over held-out samples + the {side} bound of log Z");
        report
            .figures
            .push(Figure::nats(&format!("{name}_nll"), &label, &nll, protocol));
    }
    report.warnings.extend(doubts(&forward, &backward));
    Ok(())
}

fn measurement(found: &Annealed, guarantee: Guarantee) -> Measurement {
    Measurement::new(found.log_z, found.standard_error, found.chains, guarantee)
        .with("effective_chains", found.effective)
        .with("acceptance", found.acceptance)
        .with("not_finite", found.not_finite as f64)
}

fn doubts(forward: &Annealed, backward: &Annealed) -> Vec<String> {
    let ways = [("AIS", forward), ("reverse AIS", backward)];
    let few = ways.into_iter().filter(|(_, found)| found.effective < EFFECTIVE);
    let mut doubts: Vec<String> = few
        .map(|(name, found)| {
            format!(
                "{name}: {:.1} of {} chains carry the mean weight, so the standard error is too small; raise \
                 evaluate.annealing.temperatures",
                found.effective, found.chains
            )
        })
        .collect();
    let crossed = forward.log_z - backward.log_z;
    if crossed > STANDARD_ERRORS * forward.standard_error.hypot(backward.standard_error) {
        doubts.push(format!(
            "the bounds of log Z by AIS cross by {crossed:.3} nats: the samples that the upper one starts from are not the model's; \
             raise evaluate.annealing.burn_in"
        ));
    }
    doubts
}
