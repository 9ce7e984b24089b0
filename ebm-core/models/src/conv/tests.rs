//! The nets of the literature, what is refused, and both players' derivatives.

use dfdx::prelude::*;
use serde_json::json;

use super::*;
use crate::mlp::{EmbeddingConfig, MlpEnergy, MlpEnergyConfig, MlpGenerator, MlpGeneratorConfig, TimeConfig};
use ebm_core::device::{DOUBLE_PRECISION, Real, values};
use ebm_core::geometry::{Geometry, Runtime};
use ebm_core::kernels::check::STEP;
use ebm_core::kernels::{Activation, row_dot, sum};
use ebm_core::models::{Energy, Generator, TimedEnergy};
use ebm_core::parameter::{Module, collect_gradients};
use ebm_core::random::Random;
use ebm_core::registry::{Dimensions, EnergySpec, GeneratorSpec, parse_as};
use ebm_core::tape::{Parts, SharedTape, backward};

/// The relative error allowed; in single precision, the rounding of several layers adds up.
const TOLERANCE: f64 = if DOUBLE_PRECISION { 1e-6 } else { 5e-2 };

fn close(name: &str, ours: f64, truth: f64, scale: f64) {
    let error = (ours - truth).abs() / (1.0 + truth.abs() + scale);
    assert!(error <= TOLERANCE, "{name}: {ours} is not {truth} (relative error {error:.1e})");
}

fn layers(list: serde_json::Value) -> Vec<LayerConfig> {
    parse_as(list).unwrap()
}

/// Every kind of layer, on images of 4x4x2.
fn small_generator() -> (ConvGeneratorConfig, Runtime) {
    let config = ConvGeneratorConfig {
        latent: 3,
        layers: layers(json!([
            { "linear": { "to": [1, 1, 4], "activation": "softplus" } },
            { "batch_norm": { "activation": "tanh" } },
            { "conv_transpose": { "to": 3, "kernel": 3, "stride": 2, "output_padding": 1, "activation": "silu" } },
            { "residual": {
                "layers": [{ "batch_norm": {} }, { "up_sample": {} }, { "conv": { "to": 2, "activation": "tanh" } }],
                "shortcut": [{ "up_sample": { "factor": 2 } }, { "conv": { "to": 2, "kernel": 1 } }],
            } },
            { "activation": "tanh" },
        ])),
        ..Default::default()
    };
    (config, Runtime { latent: 3, data: 32 })
}

fn small_energy(time: TimeConfig) -> (ConvEnergyConfig, Runtime) {
    let config = ConvEnergyConfig {
        image: vec![4, 4, 2],
        layers: layers(json!([
            { "conv": { "to": 4, "kernel": 3, "activation": "silu" } },
            { "residual": { "layers": [{ "activation": "softplus" }, { "conv": { "to": 4 } }] } },
            { "average_pool": {} },
            { "conv": { "to": 3, "kernel": 2, "stride": 1, "padding": 1, "activation": "tanh" } },
            { "sum_pool": {} },
            { "linear": { "to": [1] } },
        ])),
        time,
        confinement: 0.3,
        ..Default::default()
    };
    (config, Runtime { latent: 3, data: 32 })
}

fn embedded() -> TimeConfig {
    TimeConfig::Embedded(EmbeddingConfig { count: 4, width: 5, max_frequency: 3.0 })
}

/// Compares the gradient of `loss` in every array with differences; `loss` is called with the model moved.
fn parameters_agree<M: Module>(name: &str, model: &mut M, ours: &[Vec<Real>], loss: impl Fn(&M) -> f64) {
    let trained: Vec<usize> = (0..model.parameters().len()).filter(|&p| model.parameters()[p].is_trained()).collect();
    for (p, ours) in trained.into_iter().zip(ours) {
        let at = model.parameters()[p].values();
        let label = format!("{name}, {}", model.parameters()[p].name());
        let scale = ours.iter().fold(0.0, |m: f64, v| m.max(f64::from(v.abs())));
        for i in 0..at.len() {
            let mut moved = |by: Real| {
                let mut values = at.clone();
                values[i] += by;
                model.parameters_mut()[p].set(&values);
                loss(model)
            };
            let truth = (moved(STEP) - moved(-STEP)) / (2.0 * f64::from(STEP));
            close(&format!("{label}[{i}]"), f64::from(ours[i]), truth, scale);
        }
        model.parameters_mut()[p].set(&at);
    }
}

#[test]
fn the_rank_is_at_most_the_number_of_values_of_the_smallest_layer() {
    // Its first layer makes four values.
    let config = ConvGeneratorConfig { latent: 6, ..small_generator().0 };
    assert_eq!((small_generator().0.rank(32), config.rank(32)), (3, 4));
}

#[test]
fn the_nets_of_the_literature_have_their_numbers_of_parameters() {
    for (preset, energy, generator) in [
        // The released CIFAR-10 nets.
        (Preset::Dcgan32, 2_935_873, 3_812_355),
        // Energy: 4,864 + 204,928 + 819,456 + 3,277,312 + 2,049, and 4 slopes. Generator: 264,192 + 3,277,056 + 819,328 +
        // 204,864 + 4,803, batch-norm 2 (512 + 256 + 128 + 64), and 4 slopes.
        (Preset::Cnn28, 4_308_613, 4_572_167),
        // Energy: 151,680 + 311,680 + 2 x 295,168 + 129. Generator: 528,384 + 3 x 1,246,976 + 512 + 6,915.
        (Preset::Resnet32, 1_053_825, 4_276_739),
    ] {
        let g = Runtime { latent: 128, data: preset.image().len() };
        let of_energy = ConvEnergyConfig { preset, ..Default::default() };
        let of_generator = ConvGeneratorConfig { preset, ..Default::default() };
        assert_eq!((of_energy.check(), of_generator.check()), (Ok(()), Ok(())));
        assert_eq!(of_generator.rank(preset.image().len()), 128);
        let dimensions = Dimensions { latent: 128, data: preset.image().len(), batch: 1 };
        let sizes = [of_energy.size(dimensions), of_generator.size(dimensions)];
        let counted = sizes.map(|size| size.unwrap().parameters.numbers);
        assert_eq!(counted, [energy, generator].map(|parameters| parameters as f64), "{preset:?}");
        let built = ConvEnergy::new(g, &of_energy, Random::new(1)).unwrap();
        assert_eq!(built.parameter_count(), energy, "{preset:?}");
        let built = ConvGenerator::new(g, &of_generator, Random::new(1)).unwrap();
        assert_eq!(built.parameter_count(), generator, "{preset:?}");
        assert_eq!(built.state().len(), built.parameters().len(), "names are unique");
        let facts = built.facts();
        assert!(facts.couples_batch && !facts.piecewise_linear && !facts.injective);
    }
}

/// The fully connected StackedMNIST nets of the same author, as the documentation writes them.
#[test]
fn the_fully_connected_nets_have_their_numbers_of_parameters() {
    let g = Runtime { latent: 128, data: 28 * 28 * 3 };
    let energy = MlpEnergyConfig {
        hidden: vec![2000, 1000, 500, 250, 250],
        activation: Activation::Prelu,
        ..Default::default()
    };
    let generator = MlpGeneratorConfig {
        latent: 128,
        hidden: vec![500, 1000, 2000],
        activation: Activation::Prelu,
        output: Activation::Tanh,
        batch_norm: true,
        ..Default::default()
    };
    // Weights and biases of each layer, a slope each, and batch-norm 2 (500 + 1000 + 2000).
    assert_eq!(MlpEnergy::new(g, &energy, Random::new(1)).parameter_count(), 7_395_756);
    assert_eq!(MlpGenerator::new(g, &generator, Random::new(1)).parameter_count(), 7_280_855);
    let dimensions = Dimensions { latent: 128, data: g.data, batch: 1 };
    let counted = [energy.size(dimensions), generator.size(dimensions)].map(|size| size.unwrap().parameters.numbers);
    assert_eq!(counted, [7_395_756.0, 7_280_855.0]);
}

#[test]
fn a_generator_of_every_layer_is_differentiated_right() {
    let (config, g) = small_generator();
    let mut generator = ConvGenerator::new(g, &config, Random::new(5)).unwrap();
    for p in generator.parameters_mut() {
        // Statistics and factors that differ from 0 and 1.
        let moved: Vec<Real> =
            p.values().iter().zip(Random::new(3).uniforms(p.len())).map(|(v, u)| v + 0.4 * u).collect();
        p.set(&moved);
    }
    let batch = 2;
    let at = Random::new(1).normals(batch * 3);
    let directions = Random::new(2).normals(2 * batch * 3);
    let off = SharedTape::off();
    let run = |z: Vec<Real>| values(&generator.pushforward(off.watch(&g.latents(z)), off.watch(&g.latents(vec![]))).0);

    let (x, jv) = generator.pushforward(off.watch(&g.latents(at.clone())), off.watch(&g.latents(directions.clone())));
    assert_eq!(values(&x), run(at.clone()));
    let jv = values(&jv);
    for (k, v) in directions.chunks(batch * 3).enumerate() {
        let moved = |by: Real| run(at.iter().zip(v).map(|(z, v)| z + by * v).collect());
        let rows = moved(STEP).into_iter().zip(moved(-STEP)).zip(&jv[k * x.shape().0 * 32..]);
        for ((above, below), ours) in rows {
            close("J v", f64::from(*ours), f64::from(above - below) / (2.0 * f64::from(STEP)), 0.0);
        }
    }

    // Of the pushforward, with running statistics, and of samples, with those of the batch.
    let weights = Random::new(7).normals(3 * batch * 32);
    let pushed = |generator: &ConvGenerator<Runtime>, tape: &SharedTape| {
        let (x, jv) =
            generator.pushforward(tape.watch(&g.latents(at.clone())), off.watch(&g.latents(directions.clone())));
        let (a, b) = weights.split_at(batch * 32);
        sum(row_dot(x, off.watch(&g.samples(a.to_vec())))) + sum(row_dot(jv, off.watch(&g.samples(b.to_vec()))))
    };
    let drawn = |generator: &ConvGenerator<Runtime>| {
        let x = generator.forward(SharedTape::training(Parts::GENERATOR).watch(&g.latents(at.clone())));
        sum(row_dot(x, off.watch(&g.samples(weights[..batch * 32].to_vec()))))
    };
    let ours =
        collect_gradients(&generator, &mut backward(pushed(&generator, &SharedTape::training(Parts::GENERATOR))));
    parameters_agree("pushforward", &mut generator, &ours, |g| f64::from(pushed(g, &off).array()));
    let ours = collect_gradients(&generator, &mut backward(drawn(&generator)));
    parameters_agree("samples", &mut generator, &ours, |g| f64::from(drawn(g).array()));
}

#[test]
fn an_energy_that_knows_the_time_is_differentiated_right_in_image_time_and_parameters() {
    let (config, g) = small_energy(embedded());
    is_differentiated_right(ConvEnergy::new(g, &config, Random::new(5)).unwrap(), g);
}

#[test]
fn an_energy_of_layers_divided_by_their_largest_singular_value_is_differentiated_right() {
    let (config, g) = small_energy(embedded());
    let config = ConvEnergyConfig { spectral_norm: true, output_scale: true, ..config };
    let mut energy = ConvEnergy::new(g, &config, Random::new(5)).unwrap();
    // Where the vectors have settled, a step of the power iteration changes the value by a second order only.
    for _ in 0..500 {
        let tape = SharedTape::training(Parts::ENERGY);
        energy.forward(tape.watch(&g.samples(vec![0.1; 32])));
        energy.commit();
    }
    // Every layer's weights times 7 are the same energy.
    let x = SharedTape::off().watch(&g.samples(Random::new(1).normals(32)));
    let before = values(&energy.forward(x.clone()));
    for parameter in energy.parameters_mut() {
        let name = parameter.name();
        if name.starts_with("layers") && name.ends_with(".weight") {
            let larger: Vec<Real> = parameter.values().iter().map(|w| 7.0 * w).collect();
            parameter.set(&larger);
        }
    }
    close("scaled", f64::from(values(&energy.forward(x))[0]), f64::from(before[0]), 1.0);
    is_differentiated_right(energy, g);
}

fn is_differentiated_right(mut energy: ConvEnergy<Runtime>, g: Runtime) {
    let (batch, off) = (2, SharedTape::off());
    let (at, times) = (Random::new(1).normals(batch * 32), [0.2, 0.7]);
    let (v, rates) = (Random::new(2).normals(2 * batch * 32), [0.5, -1.0, 2.0, 0.3]);
    let value = |x: Vec<Real>, times: &[Real]| values(&energy.forward_at(off.watch(&g.samples(x)), times));

    let (e, slopes) =
        energy.pushforward_at(off.watch(&g.samples(at.clone())), &times, off.watch(&g.samples(v.clone())), &rates);
    assert_eq!(values(&e), value(at.clone(), &times));
    let slopes = values(&slopes);
    for k in 0..2 {
        let moved = |by: Real| {
            let x = at.iter().zip(&v[k * batch * 32..]).map(|(x, v)| x + by * v).collect();
            let times: Vec<Real> = times.iter().zip(&rates[k * batch..]).map(|(t, r)| t + by * r).collect();
            value(x, &times)
        };
        let (above, below) = (moved(STEP), moved(-STEP));
        for b in 0..batch {
            let truth = f64::from(above[b] - below[b]) / (2.0 * f64::from(STEP));
            close("slope", f64::from(slopes[k * batch + b]), truth, 0.0);
        }
    }

    let weights = [1.0, -0.7, 0.4, 1.3, -0.2, 0.9];
    let loss = |energy: &ConvEnergy<Runtime>, tape: &SharedTape| {
        let x = tape.watch(&g.samples(at.clone()));
        let (e, slopes) = energy.pushforward_at(x, &times, off.watch(&g.samples(v.clone())), &rates);
        let weigh = |y: ebm_core::device::PerSample<SharedTape>, w: &[Real]| {
            sum(y * ebm_core::buffers::tensor(w.to_vec(), (w.len(),)))
        };
        weigh(e, &weights[..2]) + weigh(slopes, &weights[2..])
    };
    let ours = collect_gradients(&energy, &mut backward(loss(&energy, &SharedTape::training(Parts::ENERGY))));
    parameters_agree("energy", &mut energy, &ours, |e| f64::from(loss(e, &off).array()));

    // Without a time it is the energy of time 0.
    let x = g.samples(at.clone());
    let untimed = values(&energy.forward(off.watch(&x)));
    for (a, b) in untimed.iter().zip(values(&energy.forward_at(off.watch(&x), &[0.0, 0.0]))) {
        close("time 0", f64::from(*a), f64::from(b), 0.0);
    }
}

#[test]
fn a_batch_of_one_and_no_directions_are_allowed() {
    let (config, g) = small_energy(TimeConfig::Auto);
    let energy = ConvEnergy::new(g, &config, Random::new(5)).unwrap();
    assert!(Energy::timed(&energy).is_none() && EnergySpec::timed(&config).unwrap().time != TimeConfig::Auto);
    let x = Random::new(1).normals(2 * 32);
    let off = SharedTape::off();
    let both = values(&energy.forward(off.watch(&g.samples(x.clone()))));
    for (row, value) in x.chunks(32).zip(both) {
        let alone = values(&energy.forward(off.watch(&g.samples(row.to_vec()))));
        close("alone", f64::from(alone[0]), f64::from(value), 0.0);
    }
    let (config, g) = small_generator();
    let generator = ConvGenerator::new(g, &config, Random::new(5)).unwrap();
    let (x, none) = generator.pushforward(off.watch(&g.latents(vec![0.3, -0.1, 1.0])), off.watch(&g.latents(vec![])));
    assert_eq!((values(&x).len(), values(&none).len()), (32, 0));
}

#[test]
fn a_saved_state_is_the_whole_model() {
    let (config, g) = small_generator();
    let mut trained = ConvGenerator::new(g, &config, Random::new(5)).unwrap();
    let mut other = ConvGenerator::new(g, &config, Random::new(6)).unwrap();
    let z = g.latents(Random::new(1).normals(12));
    let sample = |generator: &ConvGenerator<Runtime>| values(&generator.forward(SharedTape::off().watch(&z)));
    let before = sample(&trained);
    // A training pass changes the running statistics, once it is committed.
    let _ = trained.forward(SharedTape::training(Parts::GENERATOR).watch(&z));
    assert_eq!(sample(&trained), before);
    trained.commit();
    assert_ne!(sample(&trained), before);
    assert_ne!(sample(&other), sample(&trained));
    other.load_state(&trained.state()).unwrap();
    assert_eq!(sample(&other), sample(&trained));
    assert!(trained.transient_state().is_empty());
}

#[test]
fn layers_are_read_and_written_back() {
    let (config, _) = small_generator();
    let text = serde_json::to_value(&config).unwrap();
    assert_eq!(parse_as::<ConvGeneratorConfig>(text).unwrap(), config);
    let leaky = layers(json!([{ "activation": { "leaky": 0.1 } }]));
    assert_eq!(leaky, [LayerConfig::Activation(LayerActivation::Leaky(0.1))]);
    for (text, place, message) in [
        (json!({ "layers": [{ "conf": {} }] }), "layers[0]", "unknown variant `conf`"),
        (json!({ "layers": [{ "conv": { "too": 3 } }] }), "layers[0]", "unknown field `too`"),
        (json!({ "layers": [{ "conv": {} }] }), "layers[0]", "missing field `to`"),
        (json!({ "preset": "dcgan-33" }), "preset", "unknown variant `dcgan-33`"),
    ] {
        let error = parse_as::<ConvGeneratorConfig>(text).unwrap_err();
        assert!(error.path.starts_with(place) && error.message.contains(message), "{error}");
    }
}

#[test]
fn what_does_not_fit_is_refused_by_layer() {
    let generator = |list: serde_json::Value| {
        let config = ConvGeneratorConfig { latent: 8, layers: layers(list), ..Default::default() };
        GeneratorSpec::check(&config).unwrap_err().to_string()
    };
    for (list, message) in [
        (
            json!([{ "linear": { "to": [4, 4, 2] } }, { "conv": { "to": 3, "kernel": 9, "padding": 1 } }]),
            "layers[1].conv.kernel = 9: expected a kernel no larger than the 4x4x2 this layer gets with 1 around it",
        ),
        (
            json!([{ "linear": { "to": [4, 5, 2] } }, { "average_pool": {} }]),
            "layers[1].average_pool.factor = 2: expected a divisor of both sides of the 4x5x2 this layer gets",
        ),
        (
            json!([{ "linear": { "to": [4, 4, 2] } }, { "residual": { "layers": [{ "conv": { "to": 3 } }] } }]),
            "layers[1].residual = branches that end with 4x4x3 and 4x4x2: expected branches of the 4x4x2 this layer gets that \
             end with the same size",
        ),
        (
            json!([{ "residual": { "layers": [{ "conv": { "to": 0 } }] } }]),
            "layers[0].residual.layers[0].conv.to = 0: expected a number between 1 and 65536",
        ),
        (
            json!([{ "linear": { "to": [4, 4] } }]),
            "layers[0].linear.to = [4, 4]: expected [width] or [height, width, channels], none of them 0",
        ),
        (
            json!([{ "conv_transpose": { "to": 2, "output_padding": 2 } }]),
            "layers[0].conv_transpose.output_padding = 2: expected less than the stride, 2",
        ),
        (
            json!([{ "conv_transpose": { "to": 2, "kernel": 4, "stride": 1, "padding": 3 } }]),
            "layers[0].conv_transpose.padding = 3: expected a padding that leaves something of the 8 this layer gets",
        ),
        (
            json!([{ "conv": { "to": 2, "padding": 3 } }]),
            "layers[0].conv.padding = 3: expected less than the kernel, 3",
        ),
        (
            json!([{ "activation": { "leaky": -0.1 } }]),
            "layers[0].activation.leaky = -0.1: expected a finite number >= 0",
        ),
        (
            json!([{ "linear": { "to": [70_000, 70_000, 70_000] } }]),
            "layers[0].linear.to = [70000, 70000, 70000]: expected [width] or [height, width, channels], none of them 0",
        ),
    ] {
        assert_eq!(generator(list), message);
    }
}

#[test]
fn what_does_not_fit_the_data_is_refused() {
    let g = Runtime { latent: 3, data: 30 };
    let ((generator, _), (energy, _)) = (small_generator(), small_energy(TimeConfig::Auto));
    let built = |config: &ConvEnergyConfig| ConvEnergy::new(g, config, Random::new(1)).map(|_| ());
    let no_image = ConvEnergyConfig { image: vec![], ..energy.clone() };
    let no_end = ConvEnergyConfig { layers: energy.layers[..3].to_vec(), ..energy.clone() };
    let other_image = ConvEnergyConfig { image: vec![28, 28, 3], ..Default::default() };
    for (refused, message) in [
        (
            ConvGenerator::new(g, &generator, Random::new(1)).map(|_| ()),
            "layers = layers that end with 4x4x2, 32 values: expected an image of the data's 30 values",
        ),
        (built(&energy), "image = 4x4x2, 32 values: expected an image of the data's 30 values"),
        (no_image.check(), "image = []: expected [height, width, channels] of the data, none of them 0"),
        (
            no_end.check(),
            "layers = layers that end with 2x2x4: expected one value an image, such as { linear = { to = [1] } } makes",
        ),
        (other_image.check(), "image = [28, 28, 3]: expected 32x32x3 for this preset"),
    ] {
        assert_eq!(refused.unwrap_err().to_string(), message);
    }
}
