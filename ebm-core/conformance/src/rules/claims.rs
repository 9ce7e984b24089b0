use super::super::situation::network;
use super::*;
use ebm_core::models::closed_form::QuadraticEnergy;
use ebm_models::mlp::{MlpEnergy, MlpEnergyConfig, TimeConfig};

pub(super) fn check(on: &On<'_>) -> Outcome {
    let spec = CaseSpec { generators: &[GeneratorKind::Linear], batch: 12, ..on.suited(KNOWN) };
    run(on.options, spec, |case| {
        let mut asked = 0;
        for (situation, tape, why) in hopeless(on, case) {
            let mut bound = on.bound(case)?;
            speaks(bound.bounds_something(), "it bounds nothing")?;
            // A divergence from a line in the plane is infinite; so is a cross-entropy only without a partition function.
            let cross_entropy = matches!(&bound, Bound::Upper(bound) if bound.target() == Target::CrossEntropy);
            if cross_entropy && why == MANIFOLD {
                continue;
            }
            // A typed error is as good as no claim.
            if let Ok(estimate) = bound.evaluate(&situation, tape.clone()) {
                asked += 1;
                if why == COUPLED && is_blind(on, case, &estimate.measurement, tape)? {
                    continue;
                }
                humble(&estimate.measurement, why)?;
            }
        }
        speaks(asked > 0, "the bound refuses every such situation")
    })
}

const COUPLED: &str = "the generator couples the samples of a training batch";
const MANIFOLD: &str = "the generator has D > d and no noise, so that its samples have no density";

/// Situations in which no claim can hold, each with the reason.
fn hopeless(on: &On<'_>, case: &Case) -> Vec<(Situation<Runtime>, SharedTape, &'static str)> {
    let mut all = Vec::new();
    if case.data > case.latent {
        let bare = Case { noise: 0.0, ..case.clone() };
        all.push((on.situation(&bare), SharedTape::off(), MANIFOLD));
    }
    match on.subject.side() {
        Side::Lower => {
            all.push((coupled(on, case), on.training(), COUPLED));
        }
        Side::Upper => {
            let mut open = on.situation(case);
            open.energy = if on.timed() {
                let config = MlpEnergyConfig {
                    hidden: vec![4],
                    time: TimeConfig::Embedded(Default::default()),
                    ..Default::default()
                };
                Box::new(MlpEnergy::new(geometry(case), &config, Random::new(case.seed)))
            } else {
                let n = case.data;
                let mut saddle = vec![0.0; n * n];
                (0..n).for_each(|i| saddle[i * n + i] = if i == 0 { -0.1 } else { 1.0 });
                Box::new(QuadraticEnergy::new(geometry(case), &saddle, &vec![0.0; n]))
            };
            let why = "the energy has no partition function that is known to be finite";
            all.push((open, SharedTape::off(), why));
        }
    }
    all
}

fn coupled(on: &On<'_>, case: &Case) -> Situation<Runtime> {
    let mut situation = on.situation(case);
    situation.generator = Box::new(network(geometry(case), case, true));
    situation
}

/// Whether a value does not look at what the generator makes of its latents: a claim about it rests on no batch.
fn is_blind(on: &On<'_>, case: &Case, measured: &Measurement, tape: SharedTape) -> Result<bool, Stop> {
    let other = Case { seed: case.seed + 1, ..case.clone() };
    let mut situation = coupled(on, case);
    situation.generator = Box::new(network(geometry(case), &other, true));
    let mut bound = on.bound(case)?;
    let again = bound.evaluate(&situation, tape);
    Ok(again.is_ok_and(|again| again.measurement.value == measured.value))
}

fn humble(measured: &Measurement, why: &str) -> Result<(), Violation> {
    if measured.guarantee.level != Level::Certified || !measured.value.is_finite() {
        return Ok(());
    }
    let reason = &measured.guarantee.reason;
    Err(Violation::told(format!("{} is claimed certified ({reason}), but {why}", measured.value)))
}
