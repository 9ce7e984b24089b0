//! Cases of bounds: values, and gradients in what is trained.
//!
//! Uniform draws differ between precisions. Where a built-in bound makes any, the case is set up so that its value does not
//! depend on them.

use super::parsed;
use crate::bounds::{EnergySituation, EnergyView, Estimate, GeneratorView};
use crate::device::{Real, values};
use crate::geometry::{Geometry, Latents, Runtime, Samples};
use crate::kernels::selftest::{Case, Draws, Found, NETWORK, Quantity, in_weights, numbers, set_weights};
use crate::models::{Energy, Generator};
use crate::parameter::{Module, State, collect_gradients};
use crate::random::Random;
use crate::registry::{
    self, EnergyConfig, GeneratorConfig, LowerBoundConfig, Need, SupportedGeometry, UpperBoundConfig,
};
use crate::tape::{Parts, SharedTape, backward};

crate::kernels::selftest_cases!(examples);

/// Axes of the same width.
pub const SQUARE: Runtime = Runtime { latent: 3, data: 3 };
/// Axes with more data than latents.
pub const TALL: Runtime = Runtime { latent: 3, data: 5 };

const BATCH: usize = 10;

/// The examples of all registered bounds.
fn examples() -> Vec<Case> {
    let lower = registry::all::<dyn LowerBoundConfig>().into_iter().map(|descriptor| {
        let (config, noisy) = ((descriptor.example)(), descriptor.needs.contains(&Need::Noise));
        let name = format!("lower {}: example", descriptor.name);
        Case::fallible(name.clone(), NETWORK, Draws::Unknown, move |seed| of_lower(&name, TALL, &*config, noisy, seed))
    });
    let upper = registry::all::<dyn UpperBoundConfig>().into_iter().map(|descriptor| {
        let (config, needs) = ((descriptor.example)(), descriptor.needs);
        let name = format!("upper {}: example", descriptor.name);
        Case::fallible(name.clone(), NETWORK, Draws::Unknown, move |seed| {
            let timed = needs.contains(&Need::TimeConditionalEnergy);
            of_upper(&name, &Situation::new(SQUARE, timed, needs.contains(&Need::Noise))?, &*config, seed)
        })
    });
    lower.chain(upper).collect()
}

/// The case of a lower bound, given its configuration in JSON. One that draws normal numbers has a generator with noise.
pub fn lower(name: &str, json: &'static str, draws: Draws, axes: Runtime) -> Case {
    let name = format!("lower {name}");
    Case::fallible(name.clone(), NETWORK, draws, move |seed| {
        let config: Box<dyn LowerBoundConfig> = parsed(json)?;
        of_lower(&name, axes, &*config, draws == Draws::Normals, seed)
    })
}

/// The case of an upper bound, given its configuration in JSON, with a time-conditional energy if it is `timed`.
pub fn upper(name: &str, json: &'static str, draws: Draws, axes: Runtime, timed: bool) -> Case {
    upper_of(name, json, draws, axes, timed, false)
}

/// [`upper`], where the data may be the generator's own samples.
pub fn upper_of(name: &str, json: &'static str, draws: Draws, axes: Runtime, timed: bool, own_samples: bool) -> Case {
    let name = format!("upper {name}");
    Case::fallible(name.clone(), NETWORK, draws, move |seed| {
        let config: Box<dyn UpperBoundConfig> = parsed(json)?;
        let mut situation = Situation::new(axes, timed, false)?;
        if own_samples {
            situation.data = situation.samples();
        }
        of_upper(&name, &situation, &*config, seed)
    })
}

/// Models and samples, at which a bound is evaluated.
struct Situation {
    axes: Runtime,
    generator: Box<dyn Generator<Runtime>>,
    energy: Box<dyn Energy<Runtime>>,
    latents: Latents<Runtime>,
    data: Samples<Runtime>,
}

impl Situation {
    fn new(axes: Runtime, timed: bool, noisy: bool) -> Result<Self, String> {
        let noise = if noisy { r#", "noise": 0.25"# } else { "" };
        let text = format!(r#"{{"kind": "mlp", "latent": {}, "hidden": [24, 20]{noise}}}"#, axes.latent);
        let config: Box<dyn GeneratorConfig> = parsed(&text)?;
        let mut generator = axes.generator(&*config, Random::new(0)).map_err(|e| e.to_string())?;
        set_weights("situation/generator", &mut *generator);
        let time = match timed {
            true => r#", "time": {"embedded": {"count": 4, "width": 6, "max_frequency": 6.0}}"#,
            false => "",
        };
        let options = r#""hidden": [24, 20], "activation": "tanh", "confinement": 0.5"#;
        let config: Box<dyn EnergyConfig> = parsed(&format!(r#"{{"kind": "mlp", {options}{time}}}"#))?;
        let mut energy = axes.energy(&*config, Random::new(0)).map_err(|e| e.to_string())?;
        set_weights("situation/energy", &mut *energy);
        Ok(Self {
            axes,
            generator,
            energy,
            latents: axes.latents(numbers("latents", BATCH * axes.latent)),
            data: axes.samples(numbers("data", BATCH * axes.data)),
        })
    }

    fn samples(&self) -> Samples<Runtime> {
        let x = self.generator.forward(SharedTape::off().watch(&self.latents));
        self.axes.samples(values(&x))
    }
}

fn random(seed: u64) -> Random {
    Random::new(seed).stream("selftest")
}

fn of_lower(name: &str, axes: Runtime, config: &dyn LowerBoundConfig, noisy: bool, seed: u64) -> Result<Found, String> {
    let Situation { generator, latents, .. } = Situation::new(axes, false, noisy)?;
    let mut bound = axes.lower(config, random(seed)).map_err(|e| e.to_string())?;
    set_weights(name, &mut *bound);
    // The iterative solver of `sv` starts from what it remembers; other bounds have nothing of this name.
    let start: Vec<Real> = numbers("start", BATCH * axes.latent);
    let _ = bound.restore_transient_state(&State::from([("warm_start".into(), (vec![BATCH, axes.latent], start))]));
    let tape = SharedTape::training(Parts::GENERATOR | Parts::LOWER);
    let view = GeneratorView::new(&*generator, &latents, tape, random(seed), 1);
    let estimate = bound.entropy(&view).map_err(|e| e.to_string())?;
    let mut value = vec![estimate.measurement.value, f64::from(values(&estimate.value)[0])];
    value.extend(bound.entropy_upper_bound(&view.without_tape()).map_err(|e| e.to_string())?.map(|c| c.value));
    Ok(found(value, estimate, &*generator, &*bound))
}

fn of_upper(name: &str, at: &Situation, config: &dyn UpperBoundConfig, seed: u64) -> Result<Found, String> {
    let mut bound = at.axes.upper(config, random(seed)).map_err(|e| e.to_string())?;
    set_weights(name, &mut *bound);
    let situation =
        EnergySituation { energy: &*at.energy, generator: &*at.generator, latents: &at.latents, data: &at.data };
    let tape = SharedTape::training(Parts::ENERGY | Parts::UPPER);
    let view = EnergyView::new(&situation, tape, random(seed), 1);
    let estimate = bound.divergence(&view).map_err(|e| e.to_string())?;
    // What is trained; what `diffusion` reports besides has draws of its own.
    let value = vec![f64::from(values(&estimate.value)[0])];
    Ok(found(value, estimate, &*at.energy, &*bound))
}

/// The value, and the gradients in the weights of the player and of the bound.
fn found<P: Module + ?Sized, B: Module + ?Sized>(value: Vec<f64>, estimate: Estimate, player: &P, bound: &B) -> Found {
    let mut gradients = backward(estimate.value);
    let of_player = collect_gradients(player, &mut gradients);
    let own = collect_gradients(bound, &mut gradients);
    let mut found = vec![(Quantity::Value, value)];
    found.extend(in_weights([of_player, own].concat()));
    found
}
