//! Values and gradients of every bound, against closed forms and central differences.
//!
//! In single precision the differences check the wiring, in double precision (feature `f64`) the formulas.

use bounds_diffusion::{self as diffusion, DiffusionConfig, RegularizerConfig, Sampling, Weighting};
use bounds_gp::{Form, GpConfig, NoneConfig, Norm, Volume, WganGpConfig, ZeroGpConfig};
use bounds_sv::{IterativeSolver, NoneConfig as NoLowerBound, Solver, SvConfig, Variant};
use ebm_core::bounds::{EnergySituation, EnergyView, Estimate, GeneratorView};
use ebm_core::device::{Real, values};
use ebm_core::diffusion::{Process, Ve};
use ebm_core::geometry::{Geometry, Latents, Runtime, Samples};
use ebm_core::jacobian::{jacobian, spectrum};
use ebm_core::kernels::{Activation, sum};
use ebm_core::models::closed_form::{LinearGaussian, QuadraticEnergy, standard_normal_entropy};
use ebm_core::models::{Energy, Generator, sample};
use ebm_core::parameter::Module;
use ebm_core::random::Random;
use ebm_core::registry::{LowerBoundSpec, UpperBoundSpec};
use ebm_core::tape::{Parts, SharedTape, backward};
use ebm_models::flow::{FlowGenerator, FlowGeneratorConfig};
use ebm_models::mlp::{
    EmbeddingConfig, FourierConfig, MlpEnergy, MlpEnergyConfig, MlpGenerator, MlpGeneratorConfig, TimeConfig,
};
use ebm_tests::differences::{EXACT, all_zero, differences, gradients_of, near};
use ebm_tests::{Draws, square};

const BATCH: usize = 3;
/// Seeds of the latents that lower and upper bounds are evaluated at.
const GENERATOR_BATCH: u64 = 2;
const ENERGY_BATCH: u64 = 4;

fn latents(g: Runtime, seed: u64) -> Latents<Runtime> {
    g.latents(Random::new(seed).stream("z").normals(BATCH * g.latent))
}

// ---- models ----

/// Of generators made from several seeds, the one whose smallest singular values are farthest from zero and from the next
/// ones: elsewhere they bend so much that differences in single precision tell nothing.
fn smoothest<M: Generator<Runtime> + 'static>(make: impl Fn(u64) -> M) -> Box<dyn Generator<Runtime>> {
    let margin = |generator: &M| {
        let mut least = f64::INFINITY;
        for seed in [GENERATOR_BATCH, ENERGY_BATCH] {
            let z = latents(generator.geometry(), seed);
            for s in spectrum(&jacobian(generator, SharedTape::off().watch(&z))) {
                let gap = s.get(1).map_or(f64::INFINITY, |next| next - s[0]);
                least = least.min(s[0].min(gap) / s[s.len() - 1]);
            }
        }
        least
    };
    let best = (0..60).map(make).max_by(|a, b| margin(a).total_cmp(&margin(b)));
    Box::new(best.unwrap())
}

fn mlp_generator(g: Runtime, activation: Activation) -> Box<dyn Generator<Runtime>> {
    let config = MlpGeneratorConfig {
        hidden: vec![6, 5],
        activation,
        init_gain: 1.7,
        ..Default::default()
    };
    smoothest(|seed| MlpGenerator::new(g, &config, Random::new(seed)))
}

/// A coupling flow far from the identity, where it starts.
fn coupling_flow(d: usize) -> Box<dyn Generator<Runtime>> {
    let config = FlowGeneratorConfig {
        layers: 2,
        steps: 3,
        hidden: vec![4],
        ..Default::default()
    };
    smoothest(|seed| {
        let mut flow = FlowGenerator::new(square(d), &config, Random::new(seed));
        for (i, p) in (0u64..).zip(flow.parameters_mut()) {
            let noise = Random::new(seed).stream("move").at(i).normals(p.len());
            let moved: Vec<Real> = p.values().iter().zip(noise).map(|(w, n)| w + 0.3 * n).collect();
            p.set(&moved);
        }
        flow
    })
}

fn generators() -> Vec<(String, Box<dyn Generator<Runtime>>)> {
    let mut all: Vec<(String, Box<dyn Generator<Runtime>>)> = Vec::new();
    for (latent, data) in [(1, 2), (2, 2), (2, 3), (3, 4)] {
        for activation in [Activation::Silu, Activation::Softplus, Activation::Tanh] {
            let g = Runtime { latent, data };
            all.push((
                format!("mlp {activation:?} {latent}->{data}"),
                mlp_generator(g, activation),
            ));
        }
    }
    for d in [2, 3] {
        all.push((
            format!("triangular flow {d}"),
            smoothest(|seed| Draws::new(seed).flow(d)),
        ));
        all.push((format!("coupling flow {d}"), coupling_flow(d)));
        all.push((format!("linear {d}"), smoothest(|seed| Draws::new(seed).linear(d, 0.0))));
    }
    all
}

fn energies(g: Runtime) -> Vec<(&'static str, Box<dyn Energy<Runtime>>)> {
    let base = || MlpEnergyConfig {
        hidden: vec![5, 4],
        init_gain: 1.7,
        ..Default::default()
    };
    let mlp = |config: MlpEnergyConfig| Box::new(MlpEnergy::new(g, &config, Random::new(31)));
    let fourier = FourierConfig { count: 3, scale: 0.2 };
    let mut spectral = mlp(MlpEnergyConfig {
        spectral_norm: true,
        ..base()
    });
    // The largest singular value is differentiated at fixed singular vectors, which is right once those have converged.
    for _ in 0..300 {
        let x = g.samples(vec![0.0; g.data]);
        let _ = Energy::forward(&*spectral, SharedTape::training(Parts::ENERGY).watch(&x));
        spectral.commit();
    }
    vec![
        ("quadratic", Box::new(Draws::new(8).quadratic(g.latent, g.data))),
        ("silu", mlp(base())),
        (
            "tanh, confined",
            mlp(MlpEnergyConfig {
                activation: Activation::Tanh,
                confinement: 0.7,
                ..base()
            }),
        ),
        ("fourier", mlp(MlpEnergyConfig { fourier, ..base() })),
        (
            "scaled",
            mlp(MlpEnergyConfig {
                output_scale: true,
                ..base()
            }),
        ),
        ("spectral norm", spectral),
    ]
}

// ---- lower bounds ----

fn entropy<C: LowerBoundSpec>(
    config: &C,
    generator: &dyn Generator<Runtime>,
    z: &Latents<Runtime>,
    tape: SharedTape,
) -> Estimate {
    let view = GeneratorView::new(generator, z, tape, Random::new(1), 1);
    let mut bound = config.build(generator.geometry(), Random::new(1)).unwrap();
    bound.entropy(&view).unwrap()
}

fn sv_forms() -> [(&'static str, SvConfig); 3] {
    let smallest = SvConfig::default();
    let log_det = SvConfig {
        variant: Variant::LogDet,
        ..Default::default()
    };
    let iterative = SvConfig {
        solver: Solver::Iterative(IterativeSolver {
            steps: 200,
            warm_start: false,
            tolerance: if cfg!(feature = "f64") { 1e-12 } else { 1e-6 },
        }),
        ..Default::default()
    };
    [("smallest", smallest), ("log-det", log_det), ("iterative", iterative)]
}

#[test]
fn the_entropy_is_differentiated_right_in_every_parameter_of_every_generator() {
    for (label, mut generator) in generators() {
        let z = latents(generator.geometry(), GENERATOR_BATCH);
        for (form, config) in sv_forms() {
            let estimate = entropy(&config, &*generator, &z, SharedTape::training(Parts::GENERATOR));
            let name = format!("sv {form}, {label}");
            near(
                &name,
                f64::from(values(&estimate.value)[0]),
                estimate.measurement.value,
                EXACT,
            );
            let ours = gradients_of(&*generator, &mut backward(estimate.value));
            assert!(!all_zero(&ours), "{name}");
            differences(&name, &mut *generator, &ours, &mut |g| {
                entropy(&config, g, &z, SharedTape::off()).measurement.value
            });
        }
    }
}

#[test]
fn the_converged_iteration_has_the_value_of_the_exact_solver() {
    let [(_, exact), _, (_, iterative)] = sv_forms();
    for (label, generator) in generators() {
        let z = latents(generator.geometry(), GENERATOR_BATCH);
        let value = |config| entropy(config, &*generator, &z, SharedTape::off()).measurement.value;
        near(
            &label,
            value(&iterative),
            value(&exact),
            if cfg!(feature = "f64") { 1e-9 } else { 1e-3 },
        );
    }
}

#[test]
fn the_entropy_of_a_linear_map_has_the_closed_form_and_so_has_its_gradient() {
    // W = U diag(3, 0.5) V^T with U a turn by 0.4 and V one by -0.9.
    let (a, b) = (0.4f64.sin_cos(), (-0.9f64).sin_cos());
    let (u, v) = ([[a.1, -a.0], [a.0, a.1]], [[b.1, -b.0], [b.0, b.1]]);
    let s = [3.0, 0.5];
    let entry = |i: usize, j: usize, d: [f64; 2]| u[i][0] * d[0] * v[j][0] + u[i][1] * d[1] * v[j][1];
    let w: Vec<f64> = (0..4).map(|k| entry(k / 2, k % 2, s)).collect();
    let generator = LinearGaussian::new(square(2), &w, &[0.3, -0.1], 0.0);
    let z = latents(square(2), 3);
    // d ln|det W| = W^-T = U diag(1/s) V^T, and d (2 ln s_2) = 2 u_2 v_2^T / s_2.
    let cases = [
        (Variant::LogDet, (3.0 * 0.5f64).ln(), [1.0 / 3.0, 2.0]),
        (Variant::Smallest, 2.0 * 0.5f64.ln(), [0.0, 4.0]),
    ];
    for (variant, volume, slopes) in cases {
        let config = SvConfig {
            variant,
            ..Default::default()
        };
        let estimate = entropy(&config, &generator, &z, SharedTape::training(Parts::GENERATOR));
        let truth = standard_normal_entropy(2) + volume;
        near(&format!("{variant:?}"), estimate.measurement.value, truth, EXACT);
        let ours = gradients_of(&generator, &mut backward(estimate.value));
        for (k, g) in ours[0].iter().enumerate() {
            near(
                &format!("{variant:?}, weight {k}"),
                f64::from(*g),
                entry(k / 2, k % 2, slopes),
                EXACT,
            );
        }
        assert!(ours[1].iter().all(|g| *g == 0.0), "the bias moves no volume: {ours:?}");
    }
}

#[test]
fn without_a_lower_bound_nothing_is_added_and_nothing_is_claimed() {
    for (label, generator) in generators() {
        let z = latents(generator.geometry(), GENERATOR_BATCH);
        let config = NoLowerBound::default();
        let estimate = entropy(&config, &*generator, &z, SharedTape::training(Parts::GENERATOR));
        assert_eq!((values(&estimate.value), estimate.measurement.value), (vec![0.0], 0.0));
        let ours = gradients_of(&*generator, &mut backward(estimate.value));
        assert!(all_zero(&ours), "{label}");
        let bound = config.build(generator.geometry(), Random::new(1)).unwrap();
        assert!(!bound.bounds_entropy());
    }
}

// ---- upper bounds ----

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
        Self {
            data: g.samples(Random::new(5).stream("data").normals(BATCH * g.data)),
            latents,
            generator,
        }
    }

    fn situation<'a>(&'a self, energy: &'a dyn Energy<Runtime>) -> EnergySituation<'a, Runtime> {
        EnergySituation {
            energy,
            generator: &*self.generator,
            latents: &self.latents,
            data: &self.data,
        }
    }

    fn term<C: UpperBoundSpec>(
        &self,
        config: &C,
        energy: &dyn Energy<Runtime>,
        tape: SharedTape,
        draw: u64,
    ) -> Estimate {
        config.check().unwrap();
        let view = EnergyView::new(&self.situation(energy), tape, Random::new(9).at(draw), 1);
        let mut bound = config.build(self.generator.geometry(), Random::new(1)).unwrap();
        bound.divergence(&view).unwrap()
    }

    /// The same for a bound whose reported value is not the one that it trains.
    fn check_trained<C: UpperBoundSpec>(&self, name: &str, config: &C, energy: &mut dyn Energy<Runtime>) {
        let trained = |energy: &dyn Energy<Runtime>| {
            let tape = SharedTape::training(Parts::ENERGY | Parts::UPPER);
            self.term(config, energy, tape, 1).value
        };
        let ours = gradients_of(energy, &mut backward(trained(energy)));
        differences(name, energy, &ours, &mut |e| f64::from(values(&trained(e))[0]));
    }

    /// Checks the value's gradient in the energy's parameters, and that none reaches the generator's.
    fn check<C: UpperBoundSpec>(&self, name: &str, config: &C, energy: &mut dyn Energy<Runtime>) {
        let estimate = self.term(config, energy, SharedTape::training(Parts::ENERGY | Parts::UPPER), 1);
        let value = f64::from(values(&estimate.value)[0]);
        near(name, value, estimate.measurement.value, EXACT);
        let mut gradients = backward(estimate.value);
        assert!(
            all_zero(&gradients_of(&*self.generator, &mut gradients)),
            "{name}: a gradient leaks to the generator"
        );
        let ours = gradients_of(energy, &mut gradients);
        differences(name, energy, &ours, &mut |e| {
            self.term(config, e, SharedTape::off(), 1).measurement.value
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
        weight: 0.7,
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
    let generators = [
        mlp_generator(Runtime { latent: 2, data: 3 }, Activation::Silu),
        coupling_flow(2),
    ];
    for generator in generators {
        let batch = Batch::new(generator);
        for (label, mut energy) in energies(batch.generator.geometry()) {
            for config in penalties() {
                let name = format!("{label}, {config:?}");
                let active = batch.term(&config, &*energy, SharedTape::off(), 1);
                assert!(active.measurement.value > 0.0, "{name}: the hinge must be open");
                batch.check(&name, &config, &mut *energy);
            }
        }
    }
}

/// An energy E(x, t) of every make.
fn timed_energies(g: Runtime) -> Vec<(&'static str, MlpEnergy<Runtime>)> {
    let time = EmbeddingConfig {
        count: 4,
        width: 3,
        max_frequency: 6.0,
    };
    let plain = MlpEnergyConfig {
        hidden: vec![5, 4],
        activation: Activation::Tanh,
        time: TimeConfig::Embedded(time),
        ..Default::default()
    };
    let rich = MlpEnergyConfig {
        activation: Activation::Silu,
        fourier: FourierConfig { count: 3, scale: 0.3 },
        confinement: 0.7,
        output_scale: true,
        ..plain.clone()
    };
    vec![
        ("timed mlp", MlpEnergy::new(g, &plain, Random::new(21))),
        ("timed mlp with everything", MlpEnergy::new(g, &rich, Random::new(22))),
    ]
}

#[test]
fn the_diffusion_bound_is_differentiated_right_in_every_parameter_of_every_energy() {
    let batch = Batch::new(mlp_generator(Runtime { latent: 2, data: 3 }, Activation::Silu));
    let regularised = RegularizerConfig {
        weight: 0.3,
        ..Default::default()
    };
    let random_probes = RegularizerConfig {
        probes: 2,
        ..regularised
    };
    let narrow = Ve {
        sigma_min: 0.1,
        sigma_max: 2.0,
    };
    for (label, mut energy) in timed_energies(batch.generator.geometry()) {
        for process in [Process::default(), Process::Ve(narrow)] {
            for (form, sampling, weighting, fokker_planck) in [
                (
                    diffusion::Form::Divergence,
                    Sampling::Uniform,
                    Weighting::Likelihood,
                    RegularizerConfig::default(),
                ),
                (
                    diffusion::Form::CrossEntropy,
                    Sampling::Importance,
                    Weighting::Variance,
                    regularised,
                ),
                (
                    diffusion::Form::Divergence,
                    Sampling::Importance,
                    Weighting::Likelihood,
                    random_probes,
                ),
            ] {
                let config = DiffusionConfig {
                    form,
                    process,
                    t_min: 0.2,
                    sampling,
                    weighting,
                    weight: 0.2,
                    fokker_planck,
                    ..Default::default()
                };
                batch.check_trained(&format!("{label}, {config:?}"), &config, &mut energy);
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
    let config = GpConfig {
        form: Form::LogSobolev,
        ..Default::default()
    };
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
        batch.check(
            &format!("zero-gp, {label}"),
            &ZeroGpConfig { weight: 0.3 },
            &mut *energy,
        );
        batch.check(
            &format!("wgan-gp, {label}"),
            &WganGpConfig { weight: 0.7 },
            &mut *energy,
        );
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
    let config = GpConfig {
        projections: 0,
        weight: 0.7,
        ..Default::default()
    };
    let estimate = batch.term(&config, &energy, SharedTape::training(Parts::ENERGY), 1);
    let (mut value, mut slopes) = (0.0, [0.0; 4]);
    let share = 0.7 / BATCH as f64;
    for z in pairs(&values(&batch.latents)) {
        let times = |m: [[f64; 2]; 2], v: [f64; 2]| m.map(|row| row[0] * v[0] + row[1] * v[1]);
        let transposed = [[A[0][0], A[1][0]], [A[0][1], A[1][1]]];
        let x = times(A, z);
        let pulled = times(transposed, times(p, x));
        // r = A^T P A z - z, and d ||r||^2/2 = (A r)^T dP x, of which a symmetric energy sees the symmetric part.
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
    let sobolev = GpConfig {
        form: Form::LogSobolev,
        ..Default::default()
    };
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
    let term = batch.term(&ZeroGpConfig { weight: 0.3 }, &energy, SharedTape::off(), 1);
    let square = |x: &[f64; 2]| {
        let y = [x[0] - 0.25, x[1] + 0.5];
        (2.0 * y[0] + 0.5 * y[1]).powi(2) + (0.5 * y[0] + y[1]).powi(2)
    };
    let truth = pairs(&values(&batch.data)).iter().map(square).sum::<f64>() * 0.3 / BATCH as f64;
    near("zero-gp", term.measurement.value, truth, EXACT);
}

#[test]
fn the_penalty_between_data_and_samples_has_the_closed_form_where_the_gradient_is_the_same_everywhere() {
    let batch = Batch::new(Box::new(linear()));
    // Far from its centre a flat bowl is a slope: P (x - m) with m = -1e8 (3, 4) / 5 and P = 2e-8 I has length 2.
    let far = 1e8;
    let precision = 2.0 / far;
    let energy = QuadraticEnergy::new(square(2), &[precision, 0.0, 0.0, precision], &[-0.6 * far, -0.8 * far]);
    let term = batch.term(&WganGpConfig { weight: 0.7 }, &energy, SharedTape::off(), 1);
    near("wgan-gp", term.measurement.value, 0.7, 2e-5);
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
    let situation = EnergySituation {
        energy: &energy,
        generator: &generator,
        latents: &latents,
        data: &rows(a),
    };
    let view = EnergyView::new(&situation, SharedTape::off(), Random::new(3), 1);
    let mut bound = WganGpConfig { weight: 1.0 }.build(g, Random::new(1)).unwrap();
    let term = bound.divergence(&view).unwrap().measurement;
    // The length is uniform on [5, 50], so the mean of (length - 1)^2 is (49^3 - 4^3) / (3 * 45).
    let truth = f64::from(49 * 49 * 49 - 4 * 4 * 4) / 135.0;
    assert!(
        (term.value - truth).abs() < 4.0 * term.standard_error,
        "{term:?}, {truth}"
    );
    assert!(term.standard_error < 0.05 * truth, "{term:?}");
}

#[test]
fn random_projections_have_the_whole_residual_as_their_mean() {
    let batch = Batch::new(mlp_generator(Runtime { latent: 2, data: 3 }, Activation::Silu));
    for (label, energy) in energies(Runtime { latent: 2, data: 3 }) {
        for volume in [Volume::None, Volume::Smallest, Volume::LogDet] {
            let config = |projections| GpConfig {
                projections,
                volume,
                weight: 1.0,
                ..Default::default()
            };
            let exact = batch.term(&config(0), &*energy, SharedTape::off(), 0).measurement.value;
            let draws: Vec<f64> = (0..400)
                .map(|draw| {
                    batch
                        .term(&config(16), &*energy, SharedTape::off(), draw)
                        .measurement
                        .value
                })
                .collect();
            let n = draws.len() as f64;
            let mean = draws.iter().sum::<f64>() / n;
            let variance = draws.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
            let standard_error = (variance / n).sqrt();
            assert!(
                (mean - exact).abs() < 4.0 * standard_error,
                "{label}, {volume:?}: {mean} +- {standard_error}, exact {exact}"
            );
            // The test can tell: a wrong factor of 1.1 would be seen.
            assert!(standard_error < 0.02 * exact, "{label}: {standard_error} of {exact}");
        }
    }
}

#[test]
fn an_iterated_volume_moves_the_residual_as_that_of_the_whole_jacobian_does() {
    let batch = Batch::new(mlp_generator(Runtime { latent: 2, data: 3 }, Activation::Silu));
    for (label, energy) in energies(Runtime { latent: 2, data: 3 }) {
        let value = |volume| {
            let config = GpConfig {
                projections: 0,
                volume,
                weight: 1.0,
                ..Default::default()
            };
            batch.term(&config, &*energy, SharedTape::off(), 0).measurement.value
        };
        let (exact, found) = (value(Volume::Smallest), value(Volume::Iterative { steps: 20 }));
        assert!((found / exact - 1.0).abs() < 1e-3, "{label}: {found}, exact {exact}");
        // The test can tell: without the volume the residual is another.
        let without = value(Volume::None);
        assert!((without / exact - 1.0).abs() > 1e-2, "{label}: {without}, {exact}");
    }
}

// ---- nothing leaks ----

#[test]
fn a_step_of_one_player_leaves_the_other_without_a_gradient() {
    let batch = Batch::new(mlp_generator(square(2), Activation::Silu));
    for (label, energy) in energies(square(2)) {
        for config in penalties() {
            let tape = SharedTape::training(Parts::ENERGY | Parts::UPPER);
            let situation = batch.situation(&*energy);
            let view = EnergyView::new(&situation, tape.clone(), Random::new(9), 1);
            let mut bound = config.build(square(2), Random::new(1)).unwrap();
            let term = bound.divergence(&view).unwrap().value;
            let loss = sum(energy.forward(tape.watch(&batch.data))) - sum(view.generated_energy()) + term;
            let mut gradients = backward(loss);
            assert!(
                all_zero(&gradients_of(&*batch.generator, &mut gradients)),
                "{label}, {config:?}"
            );
            assert!(
                !all_zero(&gradients_of(&*energy, &mut gradients)),
                "{label}, {config:?}"
            );
        }
        for (form, config) in sv_forms() {
            let tape = SharedTape::training(Parts::GENERATOR | Parts::LOWER);
            let floor = entropy(&config, &*batch.generator, &batch.latents, tape.clone()).value;
            let x = sample(&*batch.generator, &batch.latents, &tape, Random::new(4));
            let mut gradients = backward(sum(energy.forward(x)) - floor);
            assert!(all_zero(&gradients_of(&*energy, &mut gradients)), "{label}, {form}");
            assert!(
                !all_zero(&gradients_of(&*batch.generator, &mut gradients)),
                "{label}, {form}"
            );
        }
    }
}

#[test]
fn the_generator_s_loss_is_differentiated_right_through_the_energy() {
    for (label, mut generator) in generators() {
        let g = generator.geometry();
        let z = latents(g, GENERATOR_BATCH);
        for (kind, energy) in energies(g) {
            let energy_of = |generator: &dyn Generator<Runtime>, tape: &SharedTape| {
                sum(energy.forward(sample(generator, &z, tape, Random::new(4))))
            };
            let value = energy_of(&*generator, &SharedTape::training(Parts::GENERATOR));
            let ours = gradients_of(&*generator, &mut backward(value));
            differences(&format!("E_pg[E], {kind}, {label}"), &mut *generator, &ours, &mut |g| {
                f64::from(values(&energy_of(g, &SharedTape::off()))[0])
            });
        }
    }
}
