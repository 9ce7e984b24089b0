//! The smallest singular pair by iteration.

use ebm_core::geometry::{Geometry, Latents, Runtime};
use ebm_core::jacobian::{IterativeOptions, jacobian, smallest_pairs, spectrum};
use ebm_core::models::Generator;
use ebm_core::random::Random;
use ebm_core::tape::SharedTape;
use ebm_models::mlp::{MlpGenerator, MlpGeneratorConfig};

fn problem(d: usize) -> (MlpGenerator<Runtime>, Latents<Runtime>, Latents<Runtime>, Vec<f64>) {
    let g = Runtime { latent: d, data: 2 * d };
    let config = MlpGeneratorConfig { hidden: vec![40, 40], init_gain: 2.0, ..Default::default() };
    let model = MlpGenerator::new(g, &config, Random::new(3));
    let draw = |name| g.latents(Random::new(5).stream(name).normals(4 * d));
    let (z, start) = (draw("z"), draw("start"));
    let j = jacobian(&model as &dyn Generator<_>, SharedTape::off().watch(&z));
    let exact = spectrum(&j).into_iter().map(|s| s[0]).collect();
    (model, z, start, exact)
}

#[test]
fn it_converges_to_the_exact_value_and_stays_above_it_on_the_way() {
    let (model, z, start, exact) = problem(12);
    let mut last = vec![f64::INFINITY; 4];
    for steps in [0, 1, 2, 4, 8, 16, 60] {
        let options = IterativeOptions { steps, tolerance: 0.0 };
        let found = smallest_pairs(&model as &dyn Generator<_>, &z, &start, options);
        for ((value, exact), last) in found.values.iter().zip(&exact).zip(&mut last) {
            assert!(*value >= exact * (1.0 - 1e-3), "{steps} steps: {value} below {exact}");
            assert!(*value <= *last * (1.0 + 1e-3), "{steps} steps: {value} above the {last} of fewer");
            *last = *value;
        }
    }
    for (value, exact) in last.iter().zip(&exact) {
        assert!((value / exact - 1.0).abs() < 1e-2, "{value} {exact}");
    }
}

#[test]
fn a_start_at_the_answer_stays_there() {
    let (model, z, start, exact) = problem(6);
    let options = IterativeOptions { steps: 60, tolerance: 0.0 };
    let found = smallest_pairs(&model as &dyn Generator<_>, &z, &start, options);
    let again = IterativeOptions { steps: 0, tolerance: 0.0 };
    let warm = smallest_pairs(&model as &dyn Generator<_>, &z, &found.vectors, again);
    for (value, exact) in warm.values.iter().zip(&exact) {
        assert!((value / exact - 1.0).abs() < 1e-2, "{value} {exact}");
    }
}
