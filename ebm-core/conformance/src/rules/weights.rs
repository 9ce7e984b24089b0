//! The inverse densities of a bound have the right expectation: `E[e^h given x] = 1/p_g(x)`.
//!
//! With the exact density the ratios `e^h p_g(x)` have the mean 1, and so the weights `e^(h - E(x))` the mean Z with any energy.

use super::super::draws::mean_of;
use super::super::subject::lower_view;
use super::*;

/// Number of independent batches, and of samples in each.
const DRAWS: u64 = 40;
const BATCH: usize = 20;
/// Standard errors of a mean over the batches that chance may bring about: for 39 degrees of freedom a probability of 5e-7.
const CHANCE: f64 = 6.0;
/// What a mean may be too high by besides. Low ratios of this probability are missing among all samples once in e^20; as no ratio is
/// below 0, those that are rarer hide no more than this.
const UNSEEN: f64 = 20.0 / (DRAWS as f64 * BATCH as f64);
/// A ratio is above e^40 with a probability of at most e^-40.
const HIGHEST: f64 = 40.0;
/// The share of the samples that weighted ones must be worth for a mean to be called too low.
const EFFECTIVE: f64 = 0.75;

pub(super) fn check(on: &On<'_>) -> Outcome {
    let spec = CaseSpec { batch: BATCH, ..on.suited(KNOWN) };
    run(on.options, spec, |case| {
        let case = &Case { faint: case.noise > 0.0 && case.seed.is_multiple_of(2), ..case.clone() };
        let checked = log_ratios(on, case).and_then(|found| judge(case, &found));
        checked.map_err(|stop| match stop {
            Stop::Broken(violation) => {
                let map = if case.faint { ", W small beside the noise" } else { "" };
                let case = format!("{}{map}", on.variants[case.config].name);
                Stop::Broken(Violation { case, ..violation })
            }
            silent => silent,
        })
    })
}

/// `h + ln p_g(x)` of the samples of every batch.
fn log_ratios(on: &On<'_>, case: &Case) -> Result<Vec<Vec<f64>>, Stop> {
    let mut at = on.situation(case);
    // Where a sample tells little of its latent, a bound that has learned nothing is nearly right.
    let bound = if case.faint { on.new_bound(geometry(case), case)? } else { on.bound(case)? };
    let Bound::Lower(bound) = bound else {
        return Err(Stop::Silent("only lower bounds have inverse densities".into()));
    };
    let ratios_of = |draw: u64| -> Result<Vec<f64>, Stop> {
        at.redraw(case, draw);
        let view = lower_view(&at, SharedTape::off());
        let found = bound.log_inverse_densities(&view)?;
        let found = found.ok_or_else(|| Stop::Silent("it has no inverse densities".into()))?;
        if case.noise == 0.0 && case.data > case.latent {
            return Err(Violation::told("it has inverse densities of samples that have no density").into());
        }
        let exact = exact::negative_log_densities(case, &view);
        let exact = exact.ok_or_else(|| Stop::Silent("the density is not known".into()))?;
        if found.len() != exact.len() {
            let message = "there is not one inverse density for each sample";
            return Err(Violation::of(found.len() as f64, exact.len() as f64, message).into());
        }
        if draw == 0 {
            let taped = bound.log_inverse_densities(&lower_view(&at, on.training()))?.unwrap_or_default();
            let is_same = taped.len() == found.len() && taped.iter().zip(&found).all(|(a, b)| same(*a, *b));
            if !is_same {
                let message = "the inverse densities with the tape of a training step are not those of an evaluation";
                return Err(Violation::told(message).into());
            }
        }
        let ratios: Vec<f64> = found.iter().zip(exact).map(|(h, exact)| h - exact).collect();
        match ratios.iter().find(|ratio| ratio.is_nan() || **ratio > HIGHEST) {
            Some(odd) => Err(Violation::told(format!("h + ln p_g(x) of a sample is {odd}")).into()),
            None => Ok(ratios),
        }
    };
    (0..DRAWS).map(ratios_of).collect()
}

fn judge(case: &Case, log_ratios: &[Vec<f64>]) -> Result<(), Stop> {
    let mean = |of: fn(f64) -> f64| {
        let means = log_ratios.iter().map(|batch| batch.iter().copied().map(of).sum::<f64>() / batch.len() as f64);
        mean_of(&means.collect::<Vec<_>>())
    };
    let slack = |mean: Exact| CHANCE * mean.standard_error + UNSEEN;
    let (logs, ratios) = (mean(|log| log), mean(f64::exp));
    if logs.value > slack(logs) {
        let message = format!("the mean of h is above the entropy by {:.4} +- {:.4}", logs.value, logs.standard_error);
        return Err(Violation::told(message).into());
    }
    let wrong = || -> Result<(), Stop> {
        let error = ratios.standard_error;
        let message = format!("e^h p_g(x), whose expectation is 1, has the mean {:.4} +- {error:.4}", ratios.value);
        Err(Violation::of(ratios.value, 1.0, message).into())
    };
    if ratios.value - 1.0 > slack(ratios) {
        return wrong();
    }
    // Rare high ratios may hide any part of the mean, so that it is called too low only where there can be none.
    if case.noise > 0.0 && !case.faint {
        return Ok(());
    }
    let all = || log_ratios.iter().flatten().map(|log| log.exp());
    let effective = all().sum::<f64>().powi(2) / all().map(|ratio| ratio * ratio).sum::<f64>() / all().count() as f64;
    // It is no number where every ratio is 0.
    speaks(effective.is_nan() || effective >= EFFECTIVE, "few weights carry their mean")?;
    if 1.0 - ratios.value > slack(ratios) { wrong() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of log-normal ratios with this mean, and this deviation of their logarithms.
    fn judged(seed: u64, mean: f64, deviation: f64) -> Result<(), Stop> {
        let normals = Random::new(seed).normals(DRAWS as usize * BATCH);
        let log = |n: &Real| mean.ln() - 0.5 * deviation * deviation + deviation * f64::from(*n);
        let batches: Vec<Vec<f64>> = normals.chunks(BATCH).map(|batch| batch.iter().map(log).collect()).collect();
        judge(&Case::simple(GeneratorKind::Linear, 1, 1, 0.0), &batches)
    }

    #[test]
    fn right_weights_are_never_refused_and_wrong_ones_always() {
        for seed in 0..1000 {
            assert!(judged(seed, 1.0, 0.0).is_ok() && judged(seed, 1.0, 0.3).is_ok(), "{seed}");
            assert!(!matches!(judged(seed, 1.0, 3.0), Err(Stop::Broken(_))), "{seed}");
            for mean in [0.8, 1.25] {
                assert!(matches!(judged(seed, mean, 0.0), Err(Stop::Broken(_))), "{seed}");
                assert!(matches!(judged(seed, mean, 0.3), Err(Stop::Broken(_))), "{seed}");
            }
        }
        // Too high in the logarithm, by ratios of which few carry the mean.
        assert!(matches!(judged(1, 5e3, 3.0), Err(Stop::Broken(_))));
        assert!(matches!(judged(1, 0.0, 0.0), Err(Stop::Broken(_))), "weights of 0");
    }
}
