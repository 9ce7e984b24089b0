//! The divergences of `gp`, `diffusion` and the baselines.

use bounds_diffusion::DiffusionConfig;
use bounds_gp::{Form, GpConfig, NoneConfig, Norm, Volume, WganGpConfig, ZeroGpConfig};
use ebm_core::bounds::{EnergySituation, EnergyView, Estimate, Guarantee, Measurement};
use ebm_core::device::{Real, values};
use ebm_core::geometry::{Geometry, Latents, Runtime, Samples};
use ebm_core::models::closed_form::{LinearGaussian, QuadraticEnergy};
use ebm_core::models::{Energy, Generator};
use ebm_core::tape::{Parts, SharedTape, backward};
use ebm_core::{kernels::Activation, random::Random, registry::UpperBoundSpec};
use ebm_models::mixture::{MixtureEnergy, MixtureEnergyConfig};
use ebm_models::mlp::{MlpEnergy, MlpEnergyConfig, MlpGenerator};
use ebm_tests::differences::{EXACT, all_zero, differences, gradients_of, near};
use ebm_tests::{Draws, options, square};

use super::models::{BATCH, ENERGY_BATCH, coupling_flow, energies, latents, mlp_generator, smoothest};

/// A generator with a batch, of generated samples and of data.
struct Batch {
    generator: Box<dyn Generator<Runtime>>,
    latents: Latents<Runtime>,
    data: Samples<Runtime>,
}

impl Batch {
    fn new(generator: Box<dyn Generator<Runtime>>) -> Self {
        let g = generator.geometry();
        let latents = latents(g, ENERGY_BATCH);
        Self { data: g.samples(Random::new(5).stream("data").normals(BATCH * g.data)), latents, generator }
    }

    fn term<C: UpperBoundSpec>(
        &self,
        config: &C,
        energy: &dyn Energy<Runtime>,
        tape: SharedTape,
        draw: u64,
    ) -> Estimate {
        config.check().unwrap();
        let Self { generator, latents, data } = self;
        let situation = EnergySituation { energy, generator: &**generator, latents, data };
        let view = EnergyView::new(&situation, tape, Random::new(9).at(draw), 1);
        let mut bound = config.build(generator.geometry(), Random::new(1)).unwrap();
        bound.divergence(&view).unwrap()
    }

    /// Checks the trained value's gradient in the energy's parameters, and that none reaches the generator's. Where the bound
    /// reports the value that it trains, they must be the same.
    fn check<C: UpperBoundSpec>(&self, name: &str, config: &C, energy: &mut dyn Energy<Runtime>, reported: bool) {
        let trained =
            |e: &dyn Energy<Runtime>| self.term(config, e, SharedTape::training(Parts::ENERGY | Parts::UPPER), 1);
        let value = |estimate: &Estimate| f64::from(values(&estimate.value)[0]);
        let estimate = trained(energy);
        if reported {
            near(name, value(&estimate), estimate.measurement.value, EXACT);
        }
        let mut gradients = backward(estimate.value);
        assert!(all_zero(&gradients_of(&*self.generator, &mut gradients)), "{name}: a gradient leaks to the generator");
        let ours = gradients_of(energy, &mut gradients);
        differences(name, energy, &ours, &mut |e| match reported {
            true => self.term(config, e, SharedTape::off(), 1).measurement.value,
            false => value(&trained(e)),
        });
    }
}

/// Every form of the penalty that is trained, with a weight and margin that do not vanish.
fn penalties() -> Vec<GpConfig> {
    let base = |form, norm, projections, volume| GpConfig {
        form,
        norm,
        projections,
        volume,
        weight: 0.7.into(),
        margin: 0.01,
        ..Default::default()
    };
    let mut all = Vec::new();
    let iterative = Volume::Iterative { steps: 20 };
    for volume in [Volume::None, Volume::Smallest, iterative, Volume::LogDet] {
        for projections in [1, 4] {
            all.push(base(Form::Latent, Norm::Squared, projections, volume));
        }
        for norm in [Norm::Squared, Norm::Euclidean, Norm::P(3.0)] {
            all.push(base(Form::Latent, norm, 0, volume));
            all.push(base(Form::Data, norm, 0, volume));
        }
    }
    all
}

#[test]
fn every_penalty_is_differentiated_right_in_every_parameter_of_every_energy() {
    let generators = [mlp_generator(Runtime { latent: 2, data: 3 }, Activation::Silu), coupling_flow(2)];
    for generator in generators {
        let batch = Batch::new(generator);
        for (label, mut energy) in energies(batch.generator.geometry()) {
            for config in penalties() {
                let name = format!("{label}, {config:?}");
                let active = batch.term(&config, &*energy, SharedTape::off(), 1);
                assert!(active.measurement.value > 0.0, "{name}: the hinge must be open");
                batch.check(&name, &config, &mut *energy, true);
            }
        }
    }
}

#[test]
fn the_penalty_with_the_score_of_a_noisy_generator_is_differentiated_right() {
    let g = Runtime { latent: 2, data: 3 };
    let config = options("hidden = [6, 5], init_gain = 1.7, activation = 'silu', noise = 0.5");
    let batch = Batch::new(Box::new(MlpGenerator::new(g, &config, Random::new(3))));
    let forms = [
        "projections = 1",
        "projections = 4",
        "projections = 0",
        "projections = 0, norm = 'euclidean'",
        "form = 'data'",
        "form = 'data', projections = 0, norm = { p = 3.0 }",
    ];
    for (label, mut energy) in energies(g) {
        for form in forms {
            let text = format!("{form}, score = {{ multi-sample = {{ samples = 16 }} }}, weight = 0.7");
            let config: GpConfig = options(&text);
            batch.check(&format!("{label}, {text}"), &config, &mut *energy, true);
        }
    }
}

/// An energy E(x, t) of every kind.
fn timed_energies(g: Runtime) -> Vec<(&'static str, Box<dyn Energy<Runtime>>)> {
    let mlp = |seed, more: &str| -> Box<dyn Energy<Runtime>> {
        let time = "time = { embedded = { count = 4, width = 3, max_frequency = 6.0 } }";
        let config: MlpEnergyConfig = options(&format!("hidden = [5, 4], {time}, {more}"));
        Box::new(MlpEnergy::new(g, &config, Random::new(seed)))
    };
    let rich = "activation = 'silu', fourier = { count = 3, scale = 0.3 }, confinement = 0.7, output_scale = true";
    let config: MixtureEnergyConfig = options("components = 3, min_scale = 0.3");
    let mixture: Box<dyn Energy<Runtime>> = Box::new(MixtureEnergy::new(g, &config, Random::new(23)));
    vec![
        ("timed mlp", mlp(21, "activation = 'tanh'")),
        ("timed mlp with everything", mlp(22, rich)),
        ("mixture", mixture),
    ]
}

#[test]
fn the_diffusion_bound_is_differentiated_right_in_every_parameter_of_every_energy() {
    let batch = Batch::new(mlp_generator(Runtime { latent: 2, data: 3 }, Activation::Silu));
    let forms = [
        "form = 'divergence', sampling = 'uniform', weighting = 'likelihood'",
        "form = 'cross-entropy', sampling = 'importance', weighting = 'variance', fokker_planck = { weight = 0.3 }",
        "form = 'divergence', sampling = 'importance', weighting = 'likelihood', fokker_planck = { weight = 0.3, probes = 2 }",
        "form = 'divergence', fokker_planck = { weight = 0.3, probes = 3, spread = 5.0, until = 0.8 }",
    ];
    for (label, mut energy) in timed_energies(batch.generator.geometry()) {
        for process in ["{ vp = {} }", "{ ve = { sigma_min = 0.1, sigma_max = 2.0 } }"] {
            for form in forms {
                let text = format!("{form}, process = {process}, t_min = 0.2, weight = 0.2");
                let config: DiffusionConfig = options(&text);
                batch.check(&format!("{label}, {text}"), &config, &mut *energy, false);
            }
        }
    }
}

#[test]
fn below_the_margin_a_penalty_and_its_gradient_are_zero() {
    let batch = Batch::new(mlp_generator(square(2), Activation::Tanh));
    for (label, energy) in energies(square(2)) {
        for config in penalties() {
            let config = GpConfig { margin: 1e6, ..config };
            let estimate = batch.term(&config, &*energy, SharedTape::training(Parts::ENERGY), 1);
            assert_eq!(estimate.measurement.value, 0.0, "{label}, {config:?}");
            assert_eq!(values(&estimate.value), [0.0], "{label}, {config:?}");
            let ours = gradients_of(&*energy, &mut backward(estimate.value));
            assert!(all_zero(&ours), "{label}, {config:?}");
        }
    }
}

#[test]
fn the_certified_penalty_is_differentiated_right_at_a_fixed_constant() {
    let config: GpConfig = options("form = 'log-sobolev'");
    for generator in [coupling_flow(2), smoothest(|seed| Draws::new(seed).flow(2))] {
        let batch = Batch::new(generator);
        for (label, mut energy) in energies(square(2)) {
            let Some(rho) = energy.facts().log_sobolev else {
                continue;
            };
            let estimate = batch.term(&config, &*energy, SharedTape::training(Parts::ENERGY), 1);
            let ours = gradients_of(&*energy, &mut backward(estimate.value));
            // The constant moves with the parameters too; the gradient is that of the residual.
            differences(&format!("log-sobolev, {label}"), &mut *energy, &ours, &mut |e| {
                let moved = e.facts().log_sobolev.unwrap();
                batch.term(&config, e, SharedTape::off(), 1).measurement.value * moved / rho
            });
        }
    }
}

#[test]
fn the_baselines_are_differentiated_right() {
    let batch = Batch::new(mlp_generator(square(2), Activation::Silu));
    for (label, mut energy) in energies(square(2)) {
        batch.check(&format!("zero-gp, {label}"), &ZeroGpConfig { weight: 0.3.into() }, &mut *energy, true);
        batch.check(&format!("wgan-gp, {label}"), &WganGpConfig { weight: 0.7.into() }, &mut *energy, true);
        let none = batch.term(&NoneConfig::default(), &*energy, SharedTape::training(Parts::ENERGY), 1);
        assert_eq!((values(&none.value), none.measurement.value), (vec![0.0], 0.0));
        assert!(all_zero(&gradients_of(&*energy, &mut backward(none.value))), "{label}");
    }
}

/// G(z) = A z and its inverse covariance (A A^T)^-1.
const A: [[f64; 2]; 2] = [[2.0, 1.0], [0.5, 1.5]];

fn linear() -> LinearGaussian<Runtime> {
    LinearGaussian::new(square(2), A.as_flattened(), &[0.0; 2], 0.0)
}

fn pairs(tensor: &[Real]) -> Vec<[f64; 2]> {
    tensor.chunks(2).map(|x| [f64::from(x[0]), f64::from(x[1])]).collect()
}

#[test]
fn the_residual_of_a_quadratic_on_a_linear_map_has_the_closed_form_and_so_has_its_gradient() {
    let batch = Batch::new(Box::new(linear()));
    let p = [[0.8, 0.2], [0.2, 0.5]];
    let energy = QuadraticEnergy::new(square(2), p.as_flattened(), &[0.0; 2]);
    let config: GpConfig = options("projections = 0, weight = 0.7");
    let estimate = batch.term(&config, &energy, SharedTape::training(Parts::ENERGY), 1);
    let (mut value, mut slopes) = (0.0, [0.0; 4]);
    let share = 0.7 / BATCH as f64;
    for z in pairs(&values(&batch.latents)) {
        let times = |m: [[f64; 2]; 2], v: [f64; 2]| m.map(|row| row[0] * v[0] + row[1] * v[1]);
        let transposed = [[A[0][0], A[1][0]], [A[0][1], A[1][1]]];
        let x = times(A, z);
        let pulled = times(transposed, times(p, x));
        // r = A^T P A z - z, and d ||r||^2/2 = (A r)^T dP x; a symmetric energy sees its symmetric part.
        let r = [pulled[0] - z[0], pulled[1] - z[1]];
        let c = times(A, r);
        value += 0.5 * share * (r[0] * r[0] + r[1] * r[1]);
        for (k, slope) in slopes.iter_mut().enumerate() {
            *slope += 0.5 * share * (c[k / 2] * x[k % 2] + x[k / 2] * c[k % 2]);
        }
    }
    near("value", estimate.measurement.value, value, EXACT);
    let ours = gradients_of(&energy, &mut backward(estimate.value));
    for (k, g) in ours[0].iter().enumerate() {
        near(&format!("precision {k}"), f64::from(*g), slopes[k], 5.0 * EXACT);
    }
}

#[test]
fn every_residual_vanishes_where_the_generator_is_the_model() {
    let batch = Batch::new(Box::new(linear()));
    // A A^T = [[5, 2.5], [2.5, 2.5]] with determinant 6.25.
    let precision = [2.5, -2.5, -2.5, 5.0].map(|v: f64| v / 6.25);
    let energy = QuadraticEnergy::new(square(2), &precision, &[0.0; 2]);
    let sobolev = options("form = 'log-sobolev'");
    for config in penalties().into_iter().chain([sobolev]) {
        let config = GpConfig { margin: 0.0, ..config };
        let value = batch.term(&config, &energy, SharedTape::off(), 1).measurement.value;
        assert!(value.abs() < EXACT, "{config:?}: {value}");
    }
}

#[test]
fn the_penalty_at_the_data_has_the_closed_form() {
    let batch = Batch::new(Box::new(linear()));
    let energy = QuadraticEnergy::new(square(2), &[2.0, 0.5, 0.5, 1.0], &[0.25, -0.5]);
    let term = batch.term(&ZeroGpConfig { weight: 0.3.into() }, &energy, SharedTape::off(), 1);
    let square = |x: &[f64; 2]| {
        let y = [x[0] - 0.25, x[1] + 0.5];
        (2.0 * y[0] + 0.5 * y[1]).powi(2) + (0.5 * y[0] + y[1]).powi(2)
    };
    let truth = pairs(&values(&batch.data)).iter().map(square).sum::<f64>() * 0.3 / BATCH as f64;
    near("zero-gp", term.measurement.value, truth, EXACT);
}

#[test]
fn the_penalty_is_taken_on_the_segment_between_a_data_and_a_generated_sample() {
    // All data at one point a, all samples at another b, and E = |x|^2 / 2: the gradient's length is that of the point.
    let g = square(2);
    let (a, b) = ([3.0, 4.0], [30.0, 40.0]);
    let generator = LinearGaussian::new(g, &[0.0; 4], &b, 0.0);
    let energy = QuadraticEnergy::new(g, &[1.0, 0.0, 0.0, 1.0], &[0.0; 2]);
    let count = 400;
    let rows = |x: [f64; 2]| g.samples(x.map(|v| v as Real).repeat(count));
    let latents = g.latents(vec![0.0; 2 * count]);
    let situation = EnergySituation { energy: &energy, generator: &generator, latents: &latents, data: &rows(a) };
    let view = EnergyView::new(&situation, SharedTape::off(), Random::new(3), 1);
    let mut bound = WganGpConfig { weight: 0.7.into() }.build(g, Random::new(1)).unwrap();
    let term = bound.divergence(&view).unwrap().measurement;
    // The length is uniform on [5, 50], so the mean of (length - 1)^2 is (49^3 - 4^3) / (3 * 45).
    let truth = 0.7 * f64::from(49 * 49 * 49 - 4 * 4 * 4) / 135.0;
    assert!((term.value - truth).abs() < 4.0 * term.standard_error, "{term:?}, {truth}");
    assert!(term.standard_error < 0.05 * truth, "{term:?}");
}

#[test]
fn random_projections_have_the_whole_residual_as_their_mean() {
    let batch = Batch::new(mlp_generator(Runtime { latent: 2, data: 3 }, Activation::Silu));
    for (label, energy) in energies(Runtime { latent: 2, data: 3 }) {
        for volume in ["none", "smallest", "log-det"] {
            let value = |projections, draw| {
                let text = format!("projections = {projections}, volume = '{volume}', weight = 1.0");
                let config: GpConfig = options(&text);
                batch.term(&config, &*energy, SharedTape::off(), draw).measurement.value
            };
            let exact = value(0, 0);
            let drawn = Measurement::of((0..400).map(|draw| value(16, draw)), Guarantee::heuristic("a mean"));
            let error = drawn.standard_error;
            assert!((drawn.value - exact).abs() < 4.0 * error, "{label}, {volume}: {drawn:?}, exact {exact}");
            // The test can tell: a wrong factor of 1.1 would be seen.
            assert!(error < 0.02 * exact, "{label}: {error} of {exact}");
        }
    }
}

#[test]
fn an_iterated_volume_moves_the_residual_as_that_of_the_whole_jacobian_does() {
    let batch = Batch::new(mlp_generator(Runtime { latent: 2, data: 3 }, Activation::Silu));
    for (label, energy) in energies(Runtime { latent: 2, data: 3 }) {
        let value = |volume: &str| {
            let config: GpConfig = options(&format!("projections = 0, volume = {volume}, weight = 1.0"));
            batch.term(&config, &*energy, SharedTape::off(), 0).measurement.value
        };
        let (exact, found) = (value("'smallest'"), value("{ iterative = { steps = 20 } }"));
        assert!((found / exact - 1.0).abs() < 1e-3, "{label}: {found}, exact {exact}");
        // The test can tell: without the volume the residual is another.
        let without = value("'none'");
        assert!((without / exact - 1.0).abs() > 1e-2, "{label}: {without}, {exact}");
    }
}
