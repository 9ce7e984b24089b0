//! A trainer that takes over another one's state continues exactly as that one, bit for bit.

use ebm_cli::config::RunConfig;
use ebm_core::random::Random;
use ebm_core::{error::StateError, geometry::Runtime};
use ebm_tests::{Normal, config, square};
use ebm_train::{Evaluation, Observer, ObserverError, StepReport, StopReason, Trainer, TrainingState};
use std::sync::Arc;

const TRAIN: &str = r#"
[train]
steps = 40
batch = 16
non_finite = { rollback = { limit = 1, every = 5 } }
energy = { average = 0.9, optimizer = { beta1 = 0.5 } }
generator = { average = 0.9, steps = 2, optimizer = { kind = "lion" } }
"#;
const LOWER: [(&str, &str); 6] = [
    ("sv", r#""sv""#),
    ("sv with warm starts", r#"{ kind = "sv", solver = { iterative = { steps = 3, warm_start = true } } }"#),
    ("sv without", r#"{ kind = "sv", solver = { iterative = { steps = 3, warm_start = false } } }"#),
    ("mi jsd", r#"{ kind = "mi", estimator = "jsd" }"#),
    ("mi barber-agakov", r#"{ kind = "mi", estimator = "barber-agakov" }"#),
    ("mi multi-sample", r#"{ kind = "mi", estimator = "multi-sample", samples = 32 }"#),
];
const UPPER: [(&str, &str); 3] = [
    ("gp", r#""gp""#),
    ("diffusion", r#"{ kind = "diffusion", fokker_planck = { weight = 1.0 } }"#),
    ("none", r#""none""#),
];

fn pair(lower: &str, upper: &str, hidden: &str) -> RunConfig {
    let spectral = upper == UPPER[2].1;
    config(&format!(
        "generator = {{ kind = \"mlp\", latent = 2, hidden = [8], batch_norm = true, noise = 0.1 }}\n\
         energy = {{ kind = \"mlp\", hidden = {hidden}, spectral_norm = {spectral}, confinement = 1.0 }}\n\
         lower = {lower}\nupper = {upper}\n{TRAIN}"
    ))
}

/// With everything that may change over a run, and an energy that is not trained yet at the step of the state.
fn scheduled() -> RunConfig {
    config(&format!(
        "generator = {{ kind = \"mlp\", latent = 2, hidden = [8], noise = {{ from = 0.3, to = 0.1, over = 20 }} }}\n\
         energy = {{ kind = \"mlp\", hidden = [8], confinement = 1.0 }}\nlower = \"mi\"\n{TRAIN}\
         lambda = {{ from = 1.0, to = 0.1, over = 10, course = \"exponential\" }}\n\
         energy_weight = {{ steps = [[0, 0.1], [8, 1.0]] }}\nhead_start = 9\n"
    ))
}

/// With weighted samples, and chains that have gone through their buffer after six iterations.
fn with_negatives() -> RunConfig {
    let negatives = "data_penalty = 0.1\nweighted = true\n\
                     refine = { share = 0.25, steps = 2, buffer = 12, restart = 0.3 }\n";
    let models = "generator = \"flow\"\nenergy = { kind = \"mlp\", hidden = [8], confinement = 1.0 }\n";
    let bounds = "lower = { kind = \"sv\", variant = \"log-det\" }\nupper = \"gp\"\n";
    config(&format!("{models}{bounds}{TRAIN}{negatives}"))
}

fn cases() -> Vec<(String, RunConfig)> {
    let pairs = LOWER.iter().flat_map(|lower| UPPER.iter().map(move |upper| (lower, upper)));
    let named = pairs.map(|(lower, upper)| (format!("{} and {}", lower.0, upper.0), pair(lower.1, upper.1, "[8, 8]")));
    let models = "generator = \"flow\"\nenergy = { kind = \"mlp\", hidden = [8], confinement = 1.0 }\n";
    let likelihood = config(&format!("{models}{TRAIN}objective = \"maximum-likelihood\"\n"));
    let more = [
        ("maximum likelihood".into(), likelihood),
        ("schedules".into(), scheduled()),
        ("negatives".into(), with_negatives()),
    ];
    named.chain(more).collect()
}

fn trainer(config: &RunConfig) -> Trainer<Runtime> {
    ebm_tests::trainer(config, square(2), Arc::new(Normal))
}

fn advance(trainer: &mut Trainer<Runtime>, steps: u64) -> Vec<StepReport> {
    (0..steps).map(|_| trainer.advance(true).unwrap()).collect()
}

#[test]
fn every_pair_goes_on_bit_for_bit() {
    for (name, config) in cases() {
        let mut whole = trainer(&config);
        advance(&mut whole, 7);
        let state = whole.state().unwrap();
        let truth = advance(&mut whole, 7);

        let mut second = trainer(&config);
        second.resume(state.clone()).unwrap();
        assert_eq!(second.step(), 7, "{name}");
        assert!(second.state().unwrap() == state, "{name}: the state itself");
        let found = advance(&mut second, 7);
        assert_eq!(format!("{found:?}"), format!("{truth:?}"), "{name}");
        assert!(second.state().unwrap() == whole.state().unwrap(), "{name}");
    }
}

#[test]
fn the_state_holds_what_training_needs() {
    // Left out of the state, each of these is missed: another state, or another result.
    let config = pair(LOWER[1].1, UPPER[1].1, "[8, 8]");
    let mut whole = trainer(&config);
    advance(&mut whole, 7);
    let state = whole.state().unwrap();
    let truth = format!("{:?}", advance(&mut whole, 3));
    let owners = state.arrays.keys().filter(|owner| !owner.starts_with("mark-"));
    let owners: Vec<String> = owners.cloned().collect();
    assert!(owners.iter().any(|owner| owner == "lower-memory"), "{owners:?}");
    for owner in owners {
        let mut less: TrainingState = state.clone();
        less.arrays.remove(&owner);
        let mut second = trainer(&config);
        let missed = match second.resume(less) {
            Err(StateError::Missing { .. }) => true,
            Err(error) => panic!("{owner}: {error}"),
            Ok(()) => format!("{:?}", advance(&mut second, 3)) != truth,
        };
        assert!(missed || owner.ends_with("average"), "{owner}");
    }
}

#[test]
fn chains_are_part_of_the_state_and_begin_anew_from_one_that_has_none() {
    let config = with_negatives();
    let mut whole = trainer(&config);
    advance(&mut whole, 7);
    let mut state = whole.state().unwrap();
    // Four chains a step, of three steps, in the plane.
    assert_eq!(state.arrays["refine-memory"]["chains"].0, [4, 3 * 2]);
    let truth = format!("{:?}", advance(&mut whole, 3));
    state.arrays.remove("refine-memory");
    let mut second = trainer(&config);
    second.resume(state).unwrap();
    assert!(format!("{:?}", advance(&mut second, 3)) != truth);
}

/// An observer that notes its evaluations, and asks to end during one.
#[derive(Default)]
struct Evaluating {
    during: Option<u64>,
    seen: Vec<(u64, String)>,
}

impl Observer<Runtime> for Evaluating {
    fn evaluate(&mut self, trainer: &mut Trainer<Runtime>) -> Result<Evaluation, ObserverError> {
        if self.during == Some(trainer.step()) {
            trainer.cancel().request();
        }
        let bounds = trainer.bounds_on(&Normal, 20, Random::new(5))?;
        self.seen.push((trainer.step(), format!("{bounds:?}")));
        Ok(Evaluation::new())
    }
}

#[test]
fn one_that_was_left_during_an_evaluation_goes_on_with_it() {
    let mut config = pair(LOWER[1].1, UPPER[1].1, "[8, 8]");
    config.train.evaluate_every = 10;
    let mut whole = trainer(&config);
    let mut truth = Evaluating::default();
    whole.run(&mut [&mut truth]).unwrap();
    // On the way, and at the end.
    for step in [20, 40] {
        let mut first = trainer(&config);
        let mut before = Evaluating { during: Some(step), ..Default::default() };
        let outcome = first.run(&mut [&mut before]).unwrap();
        assert_eq!((outcome.reason, outcome.steps), (StopReason::Interrupted, step));
        let mut second = trainer(&config);
        second.resume(first.state().unwrap()).unwrap();
        let mut after = Evaluating::default();
        assert_eq!(second.run(&mut [&mut after]).unwrap().reason, StopReason::Completed);
        assert_eq!([before.seen, after.seen].concat(), truth.seen, "{step}");
        assert!(second.state().unwrap() == whole.state().unwrap(), "{step}");
    }
}

#[test]
fn the_state_of_another_model_is_refused_by_the_name_of_an_array() {
    let [config, other] = ["[8, 8]", "[9]"].map(|hidden| pair(LOWER[0].1, UPPER[0].1, hidden));
    let mut state = trainer(&config).state().unwrap();
    let error = trainer(&other).resume(state.clone()).unwrap_err();
    let of_layer = matches!(&error, StateError::Shape { name, .. } if name.contains("layers.0"));
    assert!(of_layer, "{error}");
    state.arrays.insert("oracle".into(), Default::default());
    let error = trainer(&config).resume(state).unwrap_err();
    assert!(matches!(&error, StateError::Unknown { name } if name == "oracle"), "{error}");
}
