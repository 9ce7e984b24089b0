//! Every registered generator and energy, and more options of those that come with the program.

use ebm_core::device::values;
use ebm_core::geometry::{Geometry, Runtime};
use ebm_core::kernels::{row_dot, sum};
use ebm_core::models::{Energy, Generator};
use ebm_core::random::Random;
use ebm_core::registry::{self, EnergyConfig, GeneratorConfig, SupportedGeometry};
use ebm_core::tape::{Parts, SharedTape, backward};
use ebm_train::optim::collect_gradients;
use std::rc::Rc;

use crate::selftest::case::{Case, Draws, Found, NETWORK};
use crate::selftest::figures::Compared;
use crate::selftest::numbers::numbers;
use crate::selftest::operation::{doubles, in_weights, vector};
use crate::selftest::weights::set_weights;

/// Generators: what is tested, the configuration, the width of the data.
const GENERATORS: [(&str, &str, usize); 5] = [
    (
        "mlp, wide",
        "kind = \"mlp\"\nlatent = 5\nhidden = [40, 30]\nactivation = \"tanh\"\noutput = \"tanh\"",
        12,
    ),
    (
        "mlp, batch-norm",
        "kind = \"mlp\"\nhidden = [24, 20]\nactivation = \"prelu\"\nbatch_norm = true",
        3,
    ),
    (
        "flow, six dimensions",
        "kind = \"flow\"\nlayers = 3\nsteps = 4\nhidden = [10]\nactivation = \"tanh\"",
        6,
    ),
    (
        "conv, residual blocks",
        "kind = \"conv\"\nlatent = 6\nlayers = [{ linear = { to = [4, 4, 8] } }, { batch_norm = { activation = \"relu\" } }, \
         { residual = { layers = [{ up_sample = {} }, { conv = { to = 12, activation = \"silu\" } }], \
         shortcut = [{ up_sample = {} }, { conv = { to = 12, kernel = 1 } }] } }, \
         { conv_transpose = { to = 6, activation = \"prelu\" } }, { conv = { to = 3, activation = \"tanh\" } }]",
        16 * 16 * 3,
    ),
    (
        "conv, cnn-28",
        "kind = \"conv\"\npreset = \"cnn-28\"\nlatent = 16",
        28 * 28 * 3,
    ),
];

/// Energies, likewise.
const ENERGIES: [(&str, &str, usize); 6] = [
    (
        "mlp, fourier, confined",
        "kind = \"mlp\"\nhidden = [40, 30]\nactivation = \"softplus\"\nconfinement = 0.5\noutput_scale = true\n\
         fourier = { count = 12, scale = 1.0 }",
        2,
    ),
    (
        "mlp, spectral norm",
        "kind = \"mlp\"\nhidden = [24, 20]\nactivation = \"leaky-relu\"\nspectral_norm = true",
        12,
    ),
    (
        "mlp, time",
        "kind = \"mlp\"\nhidden = [24, 20]\ntime = { embedded = { count = 4, width = 6, max_frequency = 6.0 } }",
        3,
    ),
    (
        "conv, residual blocks",
        "kind = \"conv\"\nimage = [8, 8, 3]\noutput_scale = true\nspectral_norm = true\nlayers = [\
         { conv = { to = 12, activation = { leaky = 0.125 } } }, { residual = { layers = [\
         { conv = { to = 12, activation = \"silu\" } }, { average_pool = {} }], shortcut = [{ average_pool = {} }] } }, \
         { sum_pool = {} }, { linear = { to = [1] } }]",
        8 * 8 * 3,
    ),
    (
        "conv, time",
        "kind = \"conv\"\nimage = [8, 8, 3]\nconfinement = 0.5\n\
         time = { embedded = { count = 4, width = 6, max_frequency = 6.0 } }\nlayers = [\
         { conv = { to = 10, kernel = 4, stride = 2, padding = 1, activation = \"tanh\" } }, { linear = { to = [1] } }]",
        8 * 8 * 3,
    ),
    ("conv, cnn-28", "kind = \"conv\"\npreset = \"cnn-28\"", 28 * 28 * 3),
];

/// Widths of data that a component of somebody else may be made for.
const WIDTHS: [usize; 7] = [2, 3, 6, 16, 28 * 28, 28 * 28 * 3, 32 * 32 * 3];

/// Samples, few of what is wide.
fn batch(width: usize) -> usize {
    if width > 200 { 2 } else { 19 }
}

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for descriptor in registry::all::<dyn GeneratorConfig>() {
        let config = Rc::new((descriptor.example)());
        let name = format!("generator {}: example", descriptor.name);
        cases.extend(of_generator(&name, move || Ok(Rc::clone(&config)), None));
    }
    for (name, text, width) in GENERATORS {
        cases.extend(of_generator(
            &format!("generator {name}"),
            move || parsed(text),
            Some(width),
        ));
    }
    for descriptor in registry::all::<dyn EnergyConfig>() {
        let config = Rc::new((descriptor.example)());
        let name = format!("energy {}: example", descriptor.name);
        cases.push(of_energy(name, move || Ok(Rc::clone(&config)), None));
    }
    for (name, text, width) in ENERGIES {
        cases.push(of_energy(format!("energy {name}"), move || parsed(text), Some(width)));
    }
    cases
}

fn parsed<C: serde::de::DeserializeOwned>(text: &str) -> Result<Rc<C>, String> {
    toml::from_str(text).map(Rc::new).map_err(|error| error.to_string())
}

/// What `build` makes for the first width that it can be made for.
fn first<T>(
    width: Option<usize>,
    build: impl Fn(usize) -> Result<T, ebm_core::error::ConfigError>,
) -> Result<T, String> {
    let mut reason = String::new();
    for width in width.map_or(WIDTHS.to_vec(), |width| vec![width]) {
        match build(width) {
            Ok(built) => return Ok(built),
            Err(error) => reason = error.to_string(),
        }
    }
    Err(reason)
}

/// As it is evaluated, with a pushforward, and as it is trained.
fn of_generator(
    name: &str,
    config: impl Fn() -> Result<Rc<Box<dyn GeneratorConfig>>, String> + Clone + 'static,
    width: Option<usize>,
) -> [Case; 2] {
    let build = {
        let name = name.to_string();
        move || -> Result<Box<dyn Generator<Runtime>>, String> {
            let config = config()?;
            let mut model = first(width, |data| {
                let latent = config.latent_width(data);
                Runtime { latent, data }.generator(&**config, Random::new(0))
            })?;
            set_weights(&name, &mut *model);
            Ok(model)
        }
    };
    let other = build.clone();
    [
        Case::fallible(name, NETWORK, Draws::Nothing, move |_| Ok(generated(&*build()?, true))),
        Case::fallible(format!("{name}, in training"), NETWORK, Draws::Nothing, move |_| {
            Ok(generated(&*other()?, false))
        }),
    ]
}

fn generated(model: &dyn Generator<Runtime>, pushed: bool) -> Found {
    let axes = model.geometry();
    let count = batch(axes.data);
    let z = axes.latents(numbers("z", count * axes.latent));
    let v = axes.latents(numbers("v", count * axes.latent));
    let (a, b) = (
        axes.samples(numbers("a", count * axes.data)),
        axes.samples(numbers("b", count * axes.data)),
    );
    let (tape, off) = (SharedTape::training(Parts::GENERATOR), SharedTape::off());
    let mut found = Vec::new();
    let y = if pushed {
        let (x, jv) = model.pushforward(tape.watch(&z), off.watch(&v));
        found.push((Compared::Value, doubles(values(&x))));
        found.push((Compared::Pushforward, doubles(values(&jv))));
        sum(row_dot(x, off.watch(&a))) + sum(row_dot(jv, off.watch(&b)))
    } else {
        let x = model.forward(tape.watch(&z));
        found.push((Compared::Value, doubles(values(&x))));
        sum(row_dot(x, off.watch(&a)))
    };
    let mut gradients = backward(y);
    found.push((Compared::InInputs, doubles(values(&gradients.of(&z)))));
    found.extend(in_weights(collect_gradients(model, &mut gradients)));
    found
}

fn of_energy(
    name: String,
    config: impl Fn() -> Result<Rc<Box<dyn EnergyConfig>>, String> + 'static,
    width: Option<usize>,
) -> Case {
    Case::fallible(name.clone(), NETWORK, Draws::Nothing, move |_| {
        let config = config()?;
        let mut model = first(width, |data| {
            Runtime { latent: 2, data }.energy(&**config, Random::new(0))
        })?;
        set_weights(&name, &mut *model);
        Ok(valued(&*model))
    })
}

fn valued(model: &dyn Energy<Runtime>) -> Found {
    let axes = model.geometry();
    let count = batch(axes.data);
    let (x, v) = (
        axes.samples(numbers("x", count * axes.data)),
        axes.samples(numbers("v", count * axes.data)),
    );
    let (a, b) = (vector(numbers("a", count)), vector(numbers("b", count)));
    let (tape, off) = (SharedTape::training(Parts::ENERGY), SharedTape::off());
    let (energies, slopes) = match model.timed() {
        None => model.pushforward(tape.watch(&x), off.watch(&v)),
        Some(timed) => {
            // Between 1/4 and 3/4.
            let times: Vec<_> = numbers("times", count).into_iter().map(|t| 0.5 + 0.25 * t).collect();
            timed.pushforward_at(tape.watch(&x), &times, off.watch(&v), &numbers("rates", count))
        }
    };
    let (value, slope) = (doubles(values(&energies)), doubles(values(&slopes)));
    let y = sum(energies * off.watch(&a)) + sum(slopes * off.watch(&b));
    let mut gradients = backward(y);
    let mut found = vec![
        (Compared::Value, value),
        (Compared::Pushforward, slope),
        (Compared::InInputs, doubles(values(&gradients.of(&x)))),
    ];
    found.extend(in_weights(collect_gradients(model, &mut gradients)));
    found
}
