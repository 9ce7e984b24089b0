//! What holds the energy at the data and off the samples: the penalty at the data, refined negatives and weighted ones.

use dfdx::prelude::{ReshapeTo, SplitTape};
use ebm_core::models::closed_form::LinearGaussian;
use ebm_core::{data::Dataset, kernels::rows::repeat, prelude::*, registry::SupportedGeometry};
use ebm_tests::differences::{EXACT, near};
use ebm_tests::{Normal, config, square};
use ebm_train::{Players, StepReport, Trainer};
use std::sync::Arc;

const LINE: Runtime = Runtime { latent: 1, data: 1 };

/// `E(x) = bowl x^2 / 2 - depth k(x)`, `k(x) = exp(-(x - centre)^2 / (2 width^2))`: a bowl with a well, whose depth alone is trained.
struct Well {
    bowl: f64,
    centre: f64,
    width: f64,
    depth: Parameter,
}

ebm_core::module!([] Well: depth);

impl Well {
    fn new(bowl: f64, centre: f64, depth: f64) -> Self {
        Self { bowl, centre, width: 0.5, depth: Parameter::trained("depth", vec![1], vec![depth as Real]) }
    }
}

impl Energy<Runtime> for Well {
    fn geometry(&self) -> Runtime {
        LINE
    }
    fn pushforward(
        &self,
        x: Samples<Runtime, SharedTape>,
        v: Samples<Runtime, SharedTape>,
    ) -> (PerSample<SharedTape>, PerSample<SharedTape>) {
        let (batch, (_, tape)) = (rows(&x), x.clone().split_tape());
        let away = x.clone() - self.centre as Real;
        let k = (row_dot(away.clone(), away) * (-0.5 / self.width.powi(2)) as Real).exp();
        let depth = repeat(tape.watch(self.depth.tensor()).reshape_like(&(1usize, 1usize)), batch);
        let well = row_dot(depth, k.reshape_like(&(batch, 1usize)));
        // No term here asks for slopes: there are no directions.
        (row_dot(x.clone(), x) * (0.5 * self.bowl) as Real - well, v.reshape_like(&(0usize,)))
    }
}

/// N(0, 1) on the line, which is what the generator `G(z) = z` has, too.
struct Line;

impl Dataset for Line {
    fn width(&self) -> usize {
        1
    }
    fn draw(&self, n: usize, random: Random) -> Vec<Real> {
        random.normals(n)
    }
}

/// The depth of the well after some steps of gradient descent, and the first report.
fn train(well: Well, batch: usize, rate: f64, steps: usize, options: &str) -> (f64, StepReport) {
    train_with("'none'", 0.0, well, batch, rate, steps, options)
}

/// The same with a lower bound, and noise on the generator's samples.
fn train_with(
    lower: &str,
    noise: f64,
    well: Well,
    batch: usize,
    rate: f64,
    steps: usize,
    options: &str,
) -> (f64, StepReport) {
    let sgd = |rate: f64| format!("{{ optimizer = {{ kind = 'sgd', momentum = 0.0, learning_rate = {rate:e} }} }}");
    let players = format!("energy = {}\ngenerator = {}", sgd(rate), sgd(1e-12));
    let config = config(&format!(
        "generator.noise = {noise:?}\nlower = {lower}\nupper = 'none'\n[train]\nbatch = {batch}\n{players}\n{options}"
    ));
    let (parts, random) = (config.components(), Random::new(3));
    let players = Players {
        energy: Box::new(well),
        generator: Box::new(LinearGaussian::new(LINE, &[1.0], &[0.0], noise)),
        lower: LINE.lower(parts.lower, random).unwrap(),
        upper: LINE.upper(parts.upper, random).unwrap(),
        lower_optimizer: None,
        upper_optimizer: None,
        energy_average: None,
        generator_average: None,
    };
    let mut trainer = Trainer::new(config.train.clone(), players, Arc::new(Line), Random::new(4)).unwrap();
    let mut reports: Vec<StepReport> = (0..steps).map(|_| trainer.advance(true).unwrap()).collect();
    let depth = trainer.states()["energy"]["depth"].1[0];
    (f64::from(depth), reports.swap_remove(0))
}

#[test]
fn refined_negatives_find_a_well_off_the_samples_and_fill_it() {
    let well = || Well::new(0.1, 3.5, 3.0);
    let (depth, _) = train(well(), 40, 0.5, 100, "");
    assert!((depth - 3.0).abs() < 0.3, "the samples hardly see the well: {depth}");
    let options = "refine = { share = 0.5, steps = 10, step_size = 0.05, buffer = 40 }";
    let (depth, report) = train(well(), 40, 0.5, 100, options);
    assert!(depth < 1.2, "{depth}");
    assert!(report.refined_energy.is_some());
}

#[test]
fn weighted_samples_estimate_the_partition_function() {
    // Z of E = x^2 is sqrt pi.
    let truth = 0.5 * std::f64::consts::PI.ln();
    for (lower, noise) in [
        ("{ kind = 'sv', variant = 'log-det' }", 0.0),
        ("{ kind = 'mi', estimator = 'multi-sample', samples = 64 }", 0.5),
    ] {
        let well = Well::new(2.0, 0.0, 0.0);
        let (_, report) = train_with(lower, noise, well, 4096, 1e-9, 1, "weighted = true");
        let found = report.energy_loss.unwrap() - report.data_energy.unwrap().value;
        assert!((found - truth).abs() < 0.05, "{lower}: {found} {truth}");
        let effective = report.effective_samples.unwrap();
        assert!(effective > 1000.0 && effective < 4096.0 + 512.0 + 2048.0, "{lower}: {effective}");
    }
}

#[test]
fn weighted_samples_fill_a_well_where_no_generated_one_comes() {
    // At x = 8 the bowl has 32 nats.
    let depth = |options: &str| {
        let well = Well::new(1.0, 8.0, 45.0);
        train_with("{ kind = 'sv', variant = 'log-det' }", 0.0, well, 256, 0.5, 100, options).0
    };
    let (plain, weighted) = (depth(""), depth("weighted = true"));
    assert!((plain - 45.0).abs() < 0.1, "{plain}");
    assert!(weighted < 33.0, "{weighted}");
}

#[test]
fn the_weights_of_all_negatives_add_up_to_one() {
    let options = "refine = { share = 0.25, buffer = 40 }";
    let (_, report) = train(Well::new(1.0, 2.0, 3.0), 40, 0.1, 1, options);
    let [data, generated, chains] =
        [report.data_energy, report.generated_energy, report.refined_energy].map(|energy| energy.unwrap().value);
    let truth = data - 0.75 * generated - 0.25 * chains;
    near("the energy's loss", report.energy_loss.unwrap(), truth, EXACT);
}

#[test]
fn the_penalty_at_the_data_is_that_of_zero_gp_with_half_the_weight_and_follows_its_schedule() {
    let reports = |upper: &str, option: &str| {
        let models =
            "generator = 'flow'\nenergy = { kind = 'mlp', hidden = [8], activation = 'tanh', confinement = 1.0 }";
        let config = config(&format!("{models}\nlower = 'none'\nupper = {upper}\n[train]\nbatch = 16\n{option}"));
        let mut trainer = ebm_tests::trainer(&config, square(2), Arc::new(Normal));
        [trainer.advance(true).unwrap(), trainer.advance(true).unwrap()]
    };
    let [bound, _] = reports("{ kind = 'zero-gp', weight = 0.3 }", "");
    let [option, _] = reports("'none'", "data_penalty = 0.6");
    let contrast = |report: &StepReport| {
        report.data_energy.as_ref().unwrap().value - report.generated_energy.as_ref().unwrap().value
    };
    let penalty = option.data_penalty.as_ref().unwrap().value;
    assert!(penalty > 0.01, "{penalty}");
    near("penalty", penalty, bound.energy_loss.unwrap() - contrast(&bound), EXACT);
    near("loss", option.energy_loss.unwrap(), bound.energy_loss.unwrap(), EXACT);
    near("gradient", option.energy_gradient_norm.unwrap(), bound.energy_gradient_norm.unwrap(), EXACT);

    let [first, second] = reports("'none'", "data_penalty = { steps = [[0, 0.0], [1, 0.6]] }");
    assert_eq!((first.data_penalty, second.data_penalty.is_some()), (None, true));
}
