//! The rules, one a file.

mod batch_order;
mod certified_ceiling;
mod certified_value;
mod claims;
mod deterministic;
mod example;
mod extreme_inputs;
mod geometries;
mod gradient;
mod modes;
mod no_leak;
mod nonsense;
mod sandwich;
mod shares;
mod small_shapes;
mod state;
mod threads;
mod weights;

use super::case::{Case, CaseSpec, EnergyKind, GeneratorKind};
use super::configs::{Variant, variants};
use super::exact::{self, Exact, geometry};
use super::runner::{Stop, caught, run};
use super::situation::{Situation, shake};
use super::subject::{Bound, Subject, trained};
use super::{Options, Outcome, Rule, Side, Violation, differences::same};
use ebm_core::bounds::{Estimate, Level, Measurement, Target};
use ebm_core::device::{DOUBLE_PRECISION, Real, values};
use ebm_core::parameter::{Module, collect_gradients};
use ebm_core::registry::{Need, SupportedGeometry};
use ebm_core::tape::{Parts, SharedTape, backward};
use ebm_core::{geometry::Runtime, random::Random};

pub(super) fn check(rule: Rule, subject: &Subject, options: &Options) -> Outcome {
    let on = On { subject, options, variants: variants(subject) };
    match rule {
        // Whoever found the subject has found it registered once.
        Rule::Registered => Outcome::Passed { cases: 1 },
        Rule::Example => example::check(&on),
        Rule::Nonsense => nonsense::check(&on),
        Rule::CertifiedValue => certified_value::check(&on),
        Rule::CertifiedCeiling => certified_ceiling::check(&on),
        Rule::Weights => weights::check(&on),
        Rule::Claims => claims::check(&on),
        Rule::Sandwich => sandwich::check(&on),
        Rule::Gradient => gradient::check(&on),
        Rule::NoLeak => no_leak::check(&on),
        Rule::Deterministic => deterministic::check(&on),
        Rule::BatchOrder => batch_order::check(&on),
        Rule::SmallShapes => small_shapes::check(&on),
        Rule::ExtremeInputs => extreme_inputs::check(&on),
        Rule::State => state::check(&on),
        Rule::Geometries => geometries::check(&on),
        Rule::Modes => modes::check(&on),
        Rule::Shares => shares::check(&on),
        Rule::Threads => threads::check(&on),
    }
}

struct On<'a> {
    subject: &'a Subject,
    options: &'a Options,
    variants: Vec<Variant>,
}

/// Models whose every quantity is known. Values are taken on several such batches.
const KNOWN: CaseSpec = CaseSpec {
    generators: &[GeneratorKind::Linear, GeneratorKind::Flow],
    energies: &[EnergyKind::Quadratic],
    noise: false,
    configs: 1,
    batch: 100,
    widest: 8,
};

/// Models of every make, in a small batch.
const ANY: CaseSpec = CaseSpec {
    generators: &[GeneratorKind::Linear, GeneratorKind::Flow, GeneratorKind::Network],
    energies: &[EnergyKind::Quadratic, EnergyKind::Network],
    noise: false,
    configs: 1,
    batch: 6,
    widest: 6,
};

impl On<'_> {
    fn timed(&self) -> bool {
        self.subject.needs(Need::TimeConditionalEnergy)
    }

    /// The same cases as far as they suit the bound, over all its configurations.
    fn suited(&self, spec: CaseSpec) -> CaseSpec {
        let noise = self.subject.needs(Need::Noise);
        CaseSpec {
            noise,
            // A triangular flow has none.
            generators: match (noise, spec.generators) {
                (true, [GeneratorKind::Linear, GeneratorKind::Flow]) => &[GeneratorKind::Linear],
                (true, [GeneratorKind::Linear, GeneratorKind::Flow, GeneratorKind::Network]) => {
                    &[GeneratorKind::Linear, GeneratorKind::Network]
                }
                (_, generators) => generators,
            },
            configs: self.variants.len(),
            ..spec
        }
    }

    fn situation(&self, case: &Case) -> Situation<Runtime> {
        Situation::new(geometry(case), case, self.timed())
    }

    /// The bound of a case, in the middle of its training where it has weights of its own.
    fn bound(&self, case: &Case) -> Result<Bound<Runtime>, Stop> {
        self.bound_for(geometry(case), case)
    }

    fn bound_for<G: SupportedGeometry>(&self, geometry: G, case: &Case) -> Result<Bound<G>, Stop> {
        let mut bound = self.new_bound(geometry, case)?;
        shake(bound.module_mut(), Random::new(case.seed).stream("bound"), 0.05);
        Ok(bound)
    }

    /// The same before its training.
    fn new_bound<G: SupportedGeometry>(&self, geometry: G, case: &Case) -> Result<Bound<G>, Stop> {
        let random = Random::new(case.seed).stream("bound");
        Ok(self.variants[case.config].config.build(geometry, random)?)
    }

    /// A tape of the training step that the bound belongs to.
    fn training(&self) -> SharedTape {
        SharedTape::training(trained(self.subject.side()))
    }

    /// Indices of the configurations that claim a certified value in some situation.
    fn certified(&self) -> Vec<usize> {
        let claims = |case: &Case| {
            let measured = || -> Result<Measurement, Stop> {
                Ok(self.bound(case)?.evaluate(&self.situation(case), SharedTape::off())?.measurement)
            };
            matches!(caught(measured), Ok(Ok(measured)) if measured.guarantee.level == Level::Certified)
        };
        (0..self.variants.len()).filter(|config| probes(*config).iter().any(claims)).collect()
    }
}

/// Situations in which a bound has every reason to be certified.
fn probes(config: usize) -> [Case; 4] {
    use GeneratorKind::{Flow, Linear};
    let cases = [(Linear, 2, 2, 0.0), (Flow, 2, 2, 0.0), (Linear, 2, 2, 0.3), (Linear, 1, 2, 0.3)];
    cases.map(|(generator, latent, data, noise)| Case { config, ..Case::simple(generator, latent, data, noise) })
}

fn trained_value(estimate: &Estimate) -> f64 {
    f64::from(values(&estimate.value)[0])
}

/// The trained value and the measured one.
fn values_of(estimate: &Estimate) -> [f64; 2] {
    [trained_value(estimate), estimate.measurement.value]
}

/// Why a rule of certified values does not apply.
const NONE_CERTIFIED: &str = "no configuration claims a certified value";

fn only_certified(measured: &Measurement) -> Result<(), Stop> {
    let reason = format!("nothing is claimed certified: {}", measured.guarantee.reason);
    speaks(measured.guarantee.level == Level::Certified, reason)
}

/// Stops where the rule does not speak of the case, for this reason.
fn speaks(of_it: bool, else_because: impl Into<String>) -> Result<(), Stop> {
    if of_it { Ok(()) } else { Err(Stop::Silent(else_because.into())) }
}
