//! The tools for Jacobians, on networks and on models whose Jacobians are known: volumes, and the smallest singular pair by iteration.

use ebm_core::device::{PerSample, Real, values};
use ebm_core::geometry::{Geometry, Latents, Runtime};
use ebm_core::jacobian::{Columns, IterativeOptions, jacobian, log_smallest, log_volume, smallest_pairs, spectrum};
use ebm_core::kernels::{check, sum};
use ebm_core::models::closed_form::{LinearGaussian, TriangularFlow};
use ebm_core::tape::{Parts, SharedTape, backward};
use ebm_core::{models::Generator, random::Random};
use ebm_models::mlp::{MlpGenerator, MlpGeneratorConfig};

fn latents(g: Runtime, batch: usize) -> Latents<Runtime> {
    g.latents(Random::new(4).stream("z").normals(batch * g.latent))
}

#[test]
fn a_linear_map_has_its_own_singular_values() {
    // W = diag(3, 0.5, 2) turned in the plane of the first two axes.
    let (s, c) = 0.4f64.sin_cos();
    let w = [3.0 * c, -0.5 * s, 0.0, 3.0 * s, 0.5 * c, 0.0, 0.0, 0.0, 2.0];
    let g = Runtime { latent: 3, data: 3 };
    let model = LinearGaussian::new(g, &w, &[0.0; 3], 0.0);
    let j = jacobian(&model as &dyn Generator<_>, SharedTape::off().watch(&latents(g, 2)));
    for values in spectrum(&j) {
        for (a, b) in values.iter().zip([0.5, 2.0, 3.0]) {
            assert!((a - b).abs() < 1e-5, "{values:?}");
        }
    }
    assert!((f64::from(log_volume(&j).as_vec()[0]) - 3f64.ln()).abs() < 1e-5);
    assert!((f64::from(log_smallest(&j).as_vec()[1]) - 0.5f64.ln()).abs() < 1e-5);
}

#[test]
fn a_flow_has_the_volume_of_its_closed_form() {
    let g = Runtime { latent: 4, data: 4 };
    let draw = |s| Random::new(s).normals(16).into_iter().map(f64::from).collect::<Vec<_>>();
    let flow = TriangularFlow::new(g, &draw(1), &draw(2));
    let z = latents(g, 6);
    let j = jacobian(&flow as &dyn Generator<_>, SharedTape::off().watch(&z));
    for (a, b) in log_volume(&j).as_vec().iter().zip(flow.log_determinants(&z)) {
        assert!((f64::from(*a) - b).abs() < 1e-4 * (1.0 + b.abs()), "{a} {b}");
    }
}

type Volume = fn(&Columns<Runtime>) -> PerSample<SharedTape>;

#[test]
fn gradients_in_latents_agree_with_finite_differences() {
    let functions: [(&str, Volume); 2] = [("log_volume", log_volume), ("log_smallest", log_smallest)];
    for (latent, data) in [(1, 1), (2, 2), (2, 5), (3, 3), (3, 4)] {
        let g = Runtime { latent, data };
        let config = MlpGeneratorConfig { hidden: vec![7, 6], init_gain: 1.5, ..Default::default() };
        let model = MlpGenerator::new(g, &config, Random::new(11));
        let z = latents(g, 3);
        for (name, f) in functions {
            let of = |tape: SharedTape, z: &Latents<Runtime>| f(&jacobian(&model as &dyn Generator<_>, tape.watch(z)));
            let ours = backward(sum(of(SharedTape::training(Parts::GENERATOR), &z))).of(&z).as_vec();
            // These functions are steep: a smaller step in single precision would drown in rounding.
            for i in 0..ours.len() {
                let shifted = |by: Real| -> f64 {
                    let mut moved = z.as_vec();
                    moved[i] += by;
                    values(&of(SharedTape::off(), &g.latents(moved))).into_iter().map(f64::from).sum()
                };
                let truth = (shifted(check::STEP) - shifted(-check::STEP)) / (2.0 * f64::from(check::STEP));
                check::close(&format!("{name} {latent}->{data}, z {i}"), f64::from(ours[i]), truth, truth.abs());
            }
        }
    }
}

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

fn options(steps: usize) -> IterativeOptions {
    IterativeOptions { steps, tolerance: 0.0 }
}

#[test]
fn it_converges_to_the_exact_value_and_stays_above_it_on_the_way() {
    let (model, z, start, exact) = problem(12);
    let mut last = vec![f64::INFINITY; 4];
    for steps in [0, 1, 2, 4, 8, 16, 60] {
        let found = smallest_pairs(&model as &dyn Generator<_>, &z, &start, options(steps));
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
    let found = smallest_pairs(&model as &dyn Generator<_>, &z, &start, options(60));
    let warm = smallest_pairs(&model as &dyn Generator<_>, &z, &found.vectors, options(0));
    for (value, exact) in warm.values.iter().zip(&exact) {
        assert!((value / exact - 1.0).abs() < 1e-2, "{value} {exact}");
    }
}
