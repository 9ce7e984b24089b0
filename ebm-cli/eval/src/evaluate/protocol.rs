use ebm_core::{geometry::Geometry, random::Random};
use ebm_train::{Cancel, Cancelled};

use super::report::{Absent, Report};
use super::sandwich::Sandwich;
use crate::config::EvaluateConfig;
use crate::metric::{Context, Findings, Reason, Registration, Subject, registrations};

/// Share of the model's probability outside the data's box from which on the reader is warned.
const LEAK: f64 = 0.01;

/// Evaluates a model by every registered metric. What cannot be had is listed with the reason.
pub fn evaluate<G: Geometry>(subject: &Subject<'_, G>, config: &EvaluateConfig, random: Random) -> Report {
    report(Context::new(subject, config, random))
}

/// [`evaluate`], which a request may end before it is done; what was found so far is dropped then. A request is met within a
/// second, or within the time that a batch of the model takes.
///
/// # Errors
/// Once it was cancelled.
pub fn evaluate_until<G: Geometry>(
    subject: &Subject<'_, G>,
    config: &EvaluateConfig,
    random: Random,
    cancel: &Cancel,
) -> Result<Report, Cancelled> {
    let report = report(Context::until(subject, config, random, cancel));
    cancel.check().map(|()| report)
}

fn report(context: Context<'_>) -> Report {
    let mut found = Findings::default();
    for registered in registrations() {
        if context.cancel.is_requested() {
            break;
        }
        if let Err(reason) = measure(registered, &context, &mut found) {
            found.lack(registered.values[0].name, reason);
        }
    }
    let absent = found.absent.into_iter().map(|(name, reason)| Absent { name, reason });
    let mut report = Report {
        values: found.values,
        absent: absent.collect(),
        warnings: found.warnings,
        sandwich: None,
        quadrature: context.computed_partition(),
    };
    report.sandwich = Sandwich::of(&report.evaluation());
    warn(&mut report);
    report
}

fn measure(registered: &Registration, context: &Context<'_>, found: &mut Findings) -> Result<(), Reason> {
    for need in registered.needs {
        if !context.meets(*need)? {
            return Ok(());
        }
    }
    registered.metric.measure(context, found)
}

/// Says what contradicts itself or should not be believed.
fn warn(report: &mut Report) {
    let warnings = &mut report.warnings;
    if let Some(partition) = &report.quadrature {
        if !partition.converged {
            let known = match partition.error.is_finite() {
                true => format!("it is known to about {:.1e} nats only", partition.error),
                false => "its nodes do not resolve a peak, so nothing is known of its error".into(),
            };
            warnings.push(format!("log Z did not converge: {known}; raise quadrature.max_evaluations"));
        }
        if partition.outside > LEAK {
            warnings.push(format!(
                "{:.1} % of the model's probability lies outside the data's box: the energy leaks; a quadratic confinement \
                 keeps it in",
                100.0 * partition.outside
            ));
        }
    }
    if let Some(sandwich) = &report.sandwich {
        for (name, side) in sandwich.sides().filter(|(_, side)| side.verdict() == Some(false)) {
            warnings.push(format!(
                "the {name} bound of the NLL ({:.4} nats) is {:.4} nats on the wrong side of the exact NLL ({:.4} nats): \
                 here it is no bound",
                side.bound, side.excess, sandwich.nll
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Rule, metric::find};
    use ebm_core::bounds::{Guarantee, Level, Measurement};
    use ebm_core::data::{Dataset, Modes, Standardization};
    use ebm_core::models::closed_form::{LinearGaussian, QuadraticEnergy};
    use ebm_core::{device::Real, geometry::Runtime, parameter::Module};
    use ebm_models::mixture::{MixtureEnergy, MixtureEnergyConfig};
    use ebm_train::StepReport;

    /// Standard normal data of any width, with a single mode.
    struct Normal(usize, Option<Standardization>);

    impl Dataset for Normal {
        fn width(&self) -> usize {
            self.0
        }
        fn draw(&self, n: usize, random: Random) -> Vec<Real> {
            random.stream("training").normals(n * self.0)
        }
        fn held_out(&self, n: usize, random: Random) -> Vec<Real> {
            random.stream("held-out").normals(n * self.0)
        }
        fn modes(&self) -> Option<Modes> {
            Some(Modes { centres: vec![vec![0.0; self.0]], standard_deviation: 1.0 })
        }
        fn entropy(&self) -> Option<f64> {
            // 1/2 log(2 pi e) each.
            Some(1.418_938_533_2 * self.0 as f64)
        }
        fn standardization(&self) -> Option<Standardization> {
            self.1.clone()
        }
    }

    fn identity(width: usize) -> Vec<f64> {
        (0..width * width).map(|i| if i % (width + 1) == 0 { 1.0 } else { 0.0 }).collect()
    }

    fn run(data: &Normal, scale: f64, bounds: &StepReport) -> Report {
        let width = data.0;
        let geometry = Runtime { latent: width, data: width };
        let energy = QuadraticEnergy::new(geometry, &identity(width), &vec![0.0; width]);
        let weight: Vec<f64> = identity(width).iter().map(|w| w * scale).collect();
        let generator = LinearGaussian::new(geometry, &weight, &vec![0.0; width], 0.0);
        let subject = Subject { energy: &energy, generator: Some(&generator), data, bounds };
        evaluate(&subject, &EvaluateConfig::quick(), Random::new(1))
    }

    fn value(report: &Report, name: &str) -> f64 {
        report.get(name).unwrap_or_else(|| panic!("{name} is missing: {report:?}")).value
    }

    #[test]
    fn the_true_model_has_the_likelihood_of_the_entropy_and_samples_off_the_modes_count_against_another() {
        let report = run(&Normal(2, None), 1.0, &StepReport::default());
        let divergence = report.get("data_divergence").unwrap();
        assert!(divergence.value.abs() < 4.0 * divergence.standard_error.unwrap(), "{report}");
        assert_eq!(report.get("nll").unwrap().guarantee.as_ref().unwrap().level, Level::Asymptotic);
        assert!((value(&report, "log_z") - 1.837_877_066).abs() < 1e-3, "{report}");
        assert_eq!(value(&report, "modes_covered"), 1.0);
        // A chi-squared of two degrees of freedom exceeds 16 with probability exp(-8) = 0.0003.
        assert!(value(&report, "good_share") > 0.998 && value(&report, "good_share_of_data") > 0.998);
        assert_eq!(report.warnings, Vec::<String>::new());
        // With doubled deviation a sample is good with probability 1 - exp(-16 / 8) = 0.8647.
        let off = run(&Normal(2, None), 2.0, &StepReport::default());
        let good = off.get("good_share").unwrap();
        assert!((good.value - 0.864_665).abs() < 4.0 * good.standard_error.unwrap(), "{off}");
    }

    #[test]
    fn one_that_is_cancelled_gives_nothing_and_asks_the_model_for_no_more() {
        use crate::test_energy::FunctionEnergy;
        use std::sync::atomic::{AtomicUsize, Ordering};
        let geometry = Runtime { latent: 2, data: 2 };
        let generator = LinearGaussian::new(geometry, &identity(2), &[0.0; 2], 0.0);
        let bounds = StepReport::default();
        let mut config = EvaluateConfig::quick();
        config.annealing.chains = 50;
        config.wells.chains = 50;
        // Anywhere on the way: in the energies of samples, the quadrature, the weights, the search for wells, the chains.
        for at in [0, 500, 20_000, 60_000, 300_000] {
            let (asked, cancel) = (AtomicUsize::new(0), Cancel::default());
            let energy = FunctionEnergy::new(2, |x| {
                if asked.fetch_add(1, Ordering::Relaxed) == at {
                    cancel.request();
                }
                0.5 * (x[0] * x[0] + x[1] * x[1])
            });
            let data = Normal(2, None);
            let subject = Subject { energy: &energy, generator: Some(&generator), data: &data, bounds: &bounds };
            assert_eq!(evaluate_until(&subject, &config, Random::new(1), &cancel), Err(Cancelled));
            // Of a chunk of points the rest, with its differences.
            let more = asked.into_inner() - at;
            assert!((1..=5 << 14).contains(&more), "{at}: {more}");
        }
    }

    #[test]
    fn beyond_two_dimensions_the_likelihood_is_absent_with_the_reason() {
        let report = run(&Normal(3, None), 1.0, &StepReport::default());
        assert!(report.get("nll").is_none() && report.quadrature.is_none());
        let absent = report.absent.iter().find(|a| a.name == "nll").unwrap();
        assert!(absent.reason.contains("1 or 2 dimensions, the data has 3"), "{}", absent.reason);
        assert!(report.get("good_share").is_some());
    }

    #[test]
    fn an_energy_that_knows_its_log_z_has_a_certified_likelihood_in_any_dimension() {
        for width in [2, 5] {
            let data = Normal(width, None);
            // One component, moved to where the data is, and as wide.
            let config = MixtureEnergyConfig { components: 1, min_scale: 1e-3, ..Default::default() };
            let mut energy = MixtureEnergy::new(Runtime { latent: width, data: width }, &config, Random::new(1));
            energy.parameters_mut()[1].set(&vec![0.0; width]);
            let bounds = StepReport::default();
            let subject = Subject { energy: &energy, generator: None, data: &data, bounds: &bounds };
            let mut config = EvaluateConfig::quick();
            config.quadrature.rule = Rule::Verified;
            let report = evaluate(&subject, &config, Random::new(1));
            let nll = report.get("nll").unwrap();
            assert_eq!(nll.guarantee.as_ref().unwrap().level, Level::Certified);
            let divergence = report.get("data_divergence").unwrap();
            assert!(divergence.value.abs() < 4.0 * divergence.standard_error.unwrap(), "{report}");
            // By quadrature in the plane, and known beyond.
            assert!(value(&report, "log_z").abs() < 1e-3, "{report}");
            assert_eq!(report.quadrature.is_some(), width == 2);
        }
    }

    #[test]
    fn bounds_are_listed_and_one_on_the_wrong_side_is_called_out() {
        let bound = |value: f64| Some(Measurement::new(value, 0.01, 500, Guarantee::heuristic("test")));
        // The exact value is log(2 pi e) = 2.838.
        let good = StepReport { lower: bound(2.8), upper: bound(2.9), ..Default::default() };
        let report = run(&Normal(2, None), 1.0, &good);
        assert_eq!((value(&report, "lower"), report.warnings.len()), (2.8, 0));
        assert!(
            report.sandwich.as_ref().unwrap().held() == Some(true)
                && report.to_string().contains("Sandwich: lower 2.800 <= NLL")
        );
        assert!(report.absent.iter().any(|a| a.name == "entropy"));
        let broken = StepReport { lower: bound(2.8), upper: bound(f64::NAN), ..Default::default() };
        let report = run(&Normal(2, None), 1.0, &broken);
        let upper = report.get("upper").unwrap();
        assert!(upper.guarantee.is_none() && upper.measurement().level().is_none(), "{upper:?}");
        assert!(report.to_string().contains("<= upper NaN: no verdict"), "{report}");
        assert_eq!(report.warnings, Vec::<String>::new());
        let bad = StepReport { lower: bound(3.1), upper: bound(2.6), ..Default::default() };
        let report = run(&Normal(2, None), 1.0, &bad);
        assert_eq!(report.warnings.len(), 2, "{report}");
        assert!(report.warnings[0].contains("lower bound") && report.warnings[1].contains("upper bound"));
    }

    #[test]
    fn standardised_data_has_its_likelihood_in_the_source_units_too_and_every_unit_is_the_registered_one() {
        let standardization = Standardization { mean: vec![0.0, 5.0], deviation: vec![2.0, 10.0] };
        let report = run(&Normal(2, Some(standardization)), 1.0, &StepReport::default());
        let difference = value(&report, "nll_in_source_units") - value(&report, "nll");
        assert!((difference - 20.0f64.ln()).abs() < 1e-12);
        assert!(report.values.len() > 9);
        for value in &report.values {
            assert_eq!(find(&value.name).map(|registered| registered.unit), Some(value.unit), "{}", value.name);
        }
    }
}
