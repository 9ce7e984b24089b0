//! The losses of the first steps of every pair of bounds, against the record.
//!
//! `REGENERATE_GOLDEN=1 cargo test -p ebm-tests --test numerics golden` writes the record anew; with `--features ebm-tests/f64`
//! that of double precision. The name does not start with `EBM_`: such variables are configuration.

mod record;

use ebm_core::{geometry::Fixed, random::Random};
use ebm_tests::config;
use ebm_train::{Players, StepReport, Trainer};
use std::{path::Path, sync::Arc};

use record::Step;

/// The largest distance of a value from the record, relative to its size, or to the usual size of its column.
///
/// The sums of so small a problem are never split over threads: 1, 2 and more of them give the same bits, which is a test
/// below. Neither does the width of the vectors change a bit in single precision: builds for the machine at hand (AVX-512)
/// and for any x86-64 agree with each other and with AVX2, since a vector holds the terms of different sums. What is left
/// are processors without a fused multiply-add, and the system's exponential and logarithm. They differ in the last place,
/// which twenty steps of a game enlarge.
const TOLERANCE: f64 = if cfg!(feature = "f64") { 1e-8 } else { 1e-3 };

/// Every pair of a lower and an upper bound, and the baseline.
const PAIRS: [(&str, &str); 9] = [
    ("sv", "gp"),
    ("sv", "diffusion"),
    ("sv", "none"),
    ("sv", "zero-gp"),
    ("mi", "gp"),
    ("mi", "diffusion"),
    ("mi", "none"),
    ("mi", "zero-gp"),
    ("none", "wgan-gp"),
];

/// The optimisers' epsilon is far above rounding: a gradient that is zero but for rounding, such as that of the energy's
/// last bias, would else move its weight by a whole step in a direction that differs between machines.
const PROBLEM: &str = r#"
seed = 11
data = "25-gaussians"

[energy]
kind = "mlp"
hidden = [16, 16]
activation = "silu"
confinement = 1.0

[train]
steps = 20
batch = 32
log_every = 1
energy = { steps = 1, optimizer = { learning_rate = 2e-3, beta1 = 0.5, beta2 = 0.9, epsilon = 1e-4 } }
generator = { steps = 1, optimizer = { learning_rate = 1e-3, beta1 = 0.5, beta2 = 0.9, epsilon = 1e-4 } }
"#;

/// Injective, so that the log-determinant is there.
const FLOW: &str = "{ kind = 'flow', layers = 2, steps = 4, hidden = [8] }";
/// With noise, which the mutual information needs.
const NOISY: &str = "{ kind = 'mlp', hidden = [16, 16], noise = 0.1 }";

fn train((lower, upper): (&str, &str)) -> Vec<Step> {
    let (generator, lower) = match lower {
        "sv" => (FLOW, "{ kind = 'sv', variant = 'log-det' }"),
        "mi" => {
            (NOISY, "{ kind = 'mi', estimator = 'jsd', critic = { hidden = [16] }, optimizer = { epsilon = 1e-4 } }")
        }
        _ => (NOISY, "'none'"),
    };
    let upper = match upper {
        "gp" => "{ kind = 'gp', volume = 'log-det', projections = 0, weight = 0.1 }".to_string(),
        other => format!("{other:?}"),
    };
    let config = config(&format!("generator = {generator}\nlower = {lower}\nupper = {upper}\n{PROBLEM}"));
    let random = Random::new(config.seed);
    let players = Players::build(Fixed::<2, 2>, config.components(), &config.train, random).unwrap();
    let data = config.data.load(Path::new("."), random.stream("data-set")).unwrap();
    let steps = config.train.steps;
    let mut trainer = Trainer::new(config.train, players, Arc::from(data), random).unwrap();
    (0..steps).map(|_| figures(&trainer.advance(true).unwrap())).collect()
}

fn figures(report: &StepReport) -> Step {
    let terms = [&report.data_energy, &report.generated_energy, &report.entropy, &report.divergence];
    let [data, generated, entropy, divergence] = terms.map(|term| term.as_ref().map(|measured| measured.value));
    [
        report.energy_loss,
        report.generator_loss,
        data,
        generated,
        entropy,
        divergence,
        report.energy_gradient_norm,
        report.generator_gradient_norm,
    ]
}

/// Returns the changes from the record as a table; `None` if there are none.
fn changes(pair: (&str, &str)) -> Option<String> {
    let (name, now) = (format!("{}+{}", pair.0, pair.1), train(pair));
    if std::env::var_os("REGENERATE_GOLDEN").is_some() {
        record::write(&name, &now);
        return None;
    }
    let differences = record::differences(&record::read(&name), &now, TOLERANCE);
    (!differences.is_empty()).then(|| format!("{name}:\n{}", differences.join("\n")))
}

#[test]
fn every_pair_trains_as_on_record() {
    let changes: Vec<_> = PAIRS.into_iter().filter_map(changes).collect();
    assert!(changes.is_empty(), "not as on record:\n{}", changes.join("\n"));
}

#[test]
fn threads_change_nothing() {
    for pair in PAIRS {
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| train(pair))
        };
        assert_eq!(on(1), on(2), "{pair:?}");
    }
}
