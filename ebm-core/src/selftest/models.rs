use std::rc::Rc;

use super::parsed;
use crate::error::ConfigError;
use crate::geometry::{Geometry, Runtime};
use crate::kernels::selftest::{Case, Draws, Found, NETWORK, Quantity, in_weights, numbers, set_weights, vector};
use crate::kernels::{row_dot, sum};
use crate::models::{Energy, Generator};
use crate::parameter::collect_gradients;
use crate::random::Random;
use crate::registry::{self, EnergyConfig, GeneratorConfig, SupportedGeometry};
use crate::tape::{Parts, SharedTape, backward};

crate::kernels::selftest_cases!(examples);

/// Widths of data that a component of somebody else may be made for.
const WIDTHS: [usize; 7] = [2, 3, 6, 16, 28 * 28, 28 * 28 * 3, 32 * 32 * 3];

/// Samples, few of what is wide.
fn batch(width: usize) -> usize {
    if width > 200 { 2 } else { 19 }
}

/// The examples of all registered generators and energies.
fn examples() -> Vec<Case> {
    let generators = registry::all::<dyn GeneratorConfig>().into_iter().flat_map(|descriptor| {
        let config = Rc::new((descriptor.example)());
        of_generator(&format!("{}: example", descriptor.name), move || Ok(Rc::clone(&config)), None)
    });
    let energies = registry::all::<dyn EnergyConfig>().into_iter().map(|descriptor| {
        let config = Rc::new((descriptor.example)());
        of_energy(&format!("{}: example", descriptor.name), move || Ok(Rc::clone(&config)), None)
    });
    generators.chain(energies).collect()
}

/// The cases of a generator for data of a width, given its configuration in JSON: as it is evaluated, with a pushforward, and as
/// it is trained.
pub fn generator(name: &str, json: &'static str, width: usize) -> [Case; 2] {
    of_generator(name, move || parsed(json).map(Rc::new), Some(width))
}

/// The case of an energy of data of a width, given its configuration in JSON.
pub fn energy(name: &str, json: &'static str, width: usize) -> Case {
    of_energy(name, move || parsed(json).map(Rc::new), Some(width))
}

/// Builds a component for the first width that it can be built for.
fn first<T>(width: Option<usize>, build: impl Fn(usize) -> Result<T, ConfigError>) -> Result<T, String> {
    let mut reason = String::new();
    for width in width.map_or(WIDTHS.to_vec(), |width| vec![width]) {
        match build(width) {
            Ok(built) => return Ok(built),
            Err(error) => reason = error.to_string(),
        }
    }
    Err(reason)
}

fn of_generator(
    name: &str,
    config: impl Fn() -> Result<Rc<Box<dyn GeneratorConfig>>, String> + Clone + 'static,
    width: Option<usize>,
) -> [Case; 2] {
    let name = format!("generator {name}");
    [("", true), (", in training", false)].map(|(how, pushed)| {
        let (config, of) = (config.clone(), name.clone());
        Case::fallible(format!("{name}{how}"), NETWORK, Draws::Nothing, move |_| {
            let config = config()?;
            let mut model = first(width, |data| {
                let latent = config.latent_width(data);
                Runtime { latent, data }.generator(&**config, Random::new(0))
            })?;
            set_weights(&of, &mut *model);
            Ok(generated(&*model, pushed))
        })
    })
}

fn generated(model: &dyn Generator<Runtime>, pushed: bool) -> Found {
    let axes = model.geometry();
    let count = batch(axes.data);
    let z = axes.latents(numbers("z", count * axes.latent));
    let v = axes.latents(numbers("v", count * axes.latent));
    let (a, b) = (axes.samples(numbers("a", count * axes.data)), axes.samples(numbers("b", count * axes.data)));
    let (tape, off) = (SharedTape::training(Parts::GENERATOR), SharedTape::off());
    let mut found = Vec::new();
    let y = if pushed {
        let (x, jv) = model.pushforward(tape.watch(&z), off.watch(&v));
        found.push(Quantity::Value.of(&x));
        found.push(Quantity::Pushforward.of(&jv));
        sum(row_dot(x, off.watch(&a))) + sum(row_dot(jv, off.watch(&b)))
    } else {
        let x = model.forward(tape.watch(&z));
        found.push(Quantity::Value.of(&x));
        sum(row_dot(x, off.watch(&a)))
    };
    let mut gradients = backward(y);
    found.push(Quantity::InInputs.of(&gradients.of(&z)));
    found.extend(in_weights(collect_gradients(model, &mut gradients)));
    found
}

fn of_energy(
    name: &str,
    config: impl Fn() -> Result<Rc<Box<dyn EnergyConfig>>, String> + 'static,
    width: Option<usize>,
) -> Case {
    let name = format!("energy {name}");
    Case::fallible(name.clone(), NETWORK, Draws::Nothing, move |_| {
        let config = config()?;
        let mut model = first(width, |data| Runtime { latent: 2, data }.energy(&**config, Random::new(0)))?;
        set_weights(&name, &mut *model);
        Ok(valued(&*model))
    })
}

fn valued(model: &dyn Energy<Runtime>) -> Found {
    let axes = model.geometry();
    let count = batch(axes.data);
    let (x, v) = (axes.samples(numbers("x", count * axes.data)), axes.samples(numbers("v", count * axes.data)));
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
    let (value, slope) = (Quantity::Value.of(&energies), Quantity::Pushforward.of(&slopes));
    let y = sum(energies * off.watch(&a)) + sum(slopes * off.watch(&b));
    let mut gradients = backward(y);
    let mut found = vec![value, slope, Quantity::InInputs.of(&gradients.of(&x))];
    found.extend(in_weights(collect_gradients(model, &mut gradients)));
    found
}
