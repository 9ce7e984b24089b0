//! Every registered bound, and more options of those that come with the program: values, and gradients in what is trained.
//!
//! Uniform draws have other digits in each precision. Where a bound that comes with the program makes any, its options or the
//! situation are such that the value does not depend on them.

use ebm_core::bounds::{EnergySituation, EnergyView, GeneratorView};
use ebm_core::device::{Real, values};
use ebm_core::geometry::{Geometry, Latents, Runtime, Samples};
use ebm_core::models::{Energy, Generator};
use ebm_core::parameter::State;
use ebm_core::random::Random;
use ebm_core::registry::{
    self, EnergyConfig, GeneratorConfig, LowerBoundConfig, Need, SupportedGeometry, UpperBoundConfig,
};
use ebm_core::tape::{Parts, SharedTape, backward};
use ebm_train::optim::collect_gradients;

use crate::selftest::case::{CANCELLING, Case, Draws, Found, NETWORK};
use crate::selftest::figures::Compared;
use crate::selftest::numbers::numbers;
use crate::selftest::operation::in_weights;
use crate::selftest::weights::set_weights;

const SQUARE: Runtime = Runtime { latent: 3, data: 3 };
const TALL: Runtime = Runtime { latent: 3, data: 5 };

/// Lower bounds: what is tested, the configuration, what is drawn.
const LOWER: [(&str, &str, Draws, Runtime); 9] = [
    ("sv, smallest", "kind = \"sv\"", Draws::Nothing, TALL),
    (
        "sv, log-det",
        "kind = \"sv\"\nvariant = \"log-det\"",
        Draws::Nothing,
        TALL,
    ),
    (
        "sv, square",
        "kind = \"sv\"\nvariant = \"log-det\"",
        Draws::Nothing,
        SQUARE,
    ),
    // From vectors that are given.
    (
        "sv, iterative",
        "kind = \"sv\"\nsolver = { iterative = { steps = 1, tolerance = 1e-6 } }",
        Draws::Nothing,
        TALL,
    ),
    (
        "mi, jsd",
        "kind = \"mi\"\nestimator = \"jsd\"\nproduct = \"all-pairs\"",
        Draws::Normals,
        TALL,
    ),
    (
        "mi, nwj",
        "kind = \"mi\"\nestimator = \"nwj\"\nproduct = \"all-pairs\"",
        Draws::Normals,
        TALL,
    ),
    (
        "mi, dv",
        "kind = \"mi\"\nestimator = \"dv\"\nproduct = \"all-pairs\"",
        Draws::Normals,
        TALL,
    ),
    (
        "mi, infonce",
        "kind = \"mi\"\nestimator = \"infonce\"",
        Draws::Normals,
        TALL,
    ),
    (
        "mi, barber-agakov",
        "kind = \"mi\"\nestimator = \"barber-agakov\"",
        Draws::Normals,
        TALL,
    ),
];

/// Upper bounds, likewise.
const UPPER: [(&str, &str, Draws, Runtime); 15] = [
    (
        "gp, latent",
        "kind = \"gp\"\nprojections = 0\nweight = 1.0\nvolume = \"log-det\"",
        Draws::Nothing,
        TALL,
    ),
    (
        "gp, latent, smallest",
        "kind = \"gp\"\nprojections = 0\nweight = 1.0",
        Draws::Nothing,
        TALL,
    ),
    (
        "gp, latent, no volume",
        "kind = \"gp\"\nprojections = 0\nweight = 1.0\nvolume = \"none\"",
        Draws::Nothing,
        TALL,
    ),
    (
        "gp, data",
        "kind = \"gp\"\nform = \"data\"\nprojections = 0\nweight = 1.0",
        Draws::Nothing,
        TALL,
    ),
    (
        "gp, log-sobolev",
        "kind = \"gp\"\nform = \"log-sobolev\"",
        Draws::Nothing,
        SQUARE,
    ),
    (
        "gp, euclidean",
        "kind = \"gp\"\nprojections = 0\nweight = 1.0\nnorm = \"euclidean\"",
        Draws::Nothing,
        SQUARE,
    ),
    (
        "gp, p",
        "kind = \"gp\"\nprojections = 0\nweight = 1.0\nnorm = { p = 3.0 }",
        Draws::Nothing,
        SQUARE,
    ),
    (
        "gp, one projection",
        "kind = \"gp\"\nprojections = 1\nweight = 1.0",
        Draws::Normals,
        TALL,
    ),
    (
        "gp, two projections",
        "kind = \"gp\"\nprojections = 2\nweight = 1.0",
        Draws::Normals,
        TALL,
    ),
    ("zero-gp", "kind = \"zero-gp\"\nweight = 1.0", Draws::Nothing, TALL),
    // Between data and samples that are the same, every point is that sample.
    (
        "wgan-gp, data that are samples",
        "kind = \"wgan-gp\"",
        Draws::Nothing,
        TALL,
    ),
    // Over so short a time that it does not matter when.
    (
        "diffusion, divergence",
        "kind = \"diffusion\"\nt_min = 0.5\nt_max = 0.500001",
        Draws::Normals,
        TALL,
    ),
    (
        "diffusion, cross-entropy",
        "kind = \"diffusion\"\nform = \"cross-entropy\"\nt_min = 0.5\nt_max = 0.500001",
        Draws::Normals,
        TALL,
    ),
    (
        "diffusion, variance weights",
        "kind = \"diffusion\"\nweighting = \"variance\"\nsampling = \"uniform\"\nt_min = 0.5\nt_max = 0.500001",
        Draws::Normals,
        TALL,
    ),
    ("none", "kind = \"none\"", Draws::Nothing, TALL),
];

const BATCH: usize = 10;

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for descriptor in registry::all::<dyn LowerBoundConfig>() {
        let (config, noisy) = ((descriptor.example)(), descriptor.needs.contains(&Need::Noise));
        let name = format!("lower {}: example", descriptor.name);
        cases.push(Case::fallible(name.clone(), NETWORK, Draws::Unknown, move |seed| {
            of_lower(&name, TALL, &*config, noisy, seed)
        }));
    }
    for (name, text, draws, axes) in LOWER {
        // Both do not change when a number is added to the critic, and change little with it where the critic knows little.
        let units = if matches!(name, "mi, dv" | "mi, infonce") {
            CANCELLING
        } else {
            NETWORK
        };
        let name = format!("lower {name}");
        cases.push(Case::fallible(name.clone(), units, draws, move |seed| {
            let config: Box<dyn LowerBoundConfig> = toml::from_str(text).map_err(|e| e.to_string())?;
            of_lower(&name, axes, &*config, draws == Draws::Normals, seed)
        }));
    }
    for descriptor in registry::all::<dyn UpperBoundConfig>() {
        let config = (descriptor.example)();
        let (timed, noisy) = (
            descriptor.needs.contains(&Need::TimeConditionalEnergy),
            descriptor.needs.contains(&Need::Noise),
        );
        let name = format!("upper {}: example", descriptor.name);
        cases.push(Case::fallible(name.clone(), NETWORK, Draws::Unknown, move |seed| {
            of_upper(&name, &Situation::new(SQUARE, timed, noisy)?, &*config, seed)
        }));
    }
    for (name, text, draws, axes) in UPPER {
        let name = format!("upper {name}");
        cases.push(Case::fallible(name.clone(), NETWORK, draws, move |seed| {
            let config: Box<dyn UpperBoundConfig> = toml::from_str(text).map_err(|e| e.to_string())?;
            let mut situation = Situation::new(axes, text.contains("diffusion"), false)?;
            if text.contains("wgan-gp") {
                situation.data = situation.samples();
            }
            of_upper(&name, &situation, &*config, seed)
        }));
    }
    cases
}

/// Models and samples.
struct Situation {
    axes: Runtime,
    generator: Box<dyn Generator<Runtime>>,
    energy: Box<dyn Energy<Runtime>>,
    latents: Latents<Runtime>,
    data: Samples<Runtime>,
}

impl Situation {
    fn new(axes: Runtime, timed: bool, noisy: bool) -> Result<Self, String> {
        let noise = if noisy { "noise = 0.25" } else { "" };
        let text = format!("kind = \"mlp\"\nlatent = {}\nhidden = [24, 20]\n{noise}", axes.latent);
        let config: Box<dyn GeneratorConfig> = toml::from_str(&text).map_err(|e| e.to_string())?;
        let mut generator = axes.generator(&*config, Random::new(0)).map_err(|e| e.to_string())?;
        set_weights("situation/generator", &mut *generator);
        let time = if timed {
            "time = { embedded = { count = 4, width = 6, max_frequency = 6.0 } }"
        } else {
            ""
        };
        let text = format!("kind = \"mlp\"\nhidden = [24, 20]\nactivation = \"tanh\"\nconfinement = 0.5\n{time}");
        let config: Box<dyn EnergyConfig> = toml::from_str(&text).map_err(|e| e.to_string())?;
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
    value.extend(
        bound
            .entropy_upper_bound(&view.without_tape())
            .map_err(|e| e.to_string())?
            .map(|c| c.value),
    );
    let mut gradients = backward(estimate.value);
    let of_generator = collect_gradients(&*generator, &mut gradients);
    let own = collect_gradients(&*bound, &mut gradients);
    let mut found = vec![(Compared::Value, value)];
    found.extend(in_weights([of_generator, own].concat()));
    Ok(found)
}

fn of_upper(name: &str, at: &Situation, config: &dyn UpperBoundConfig, seed: u64) -> Result<Found, String> {
    let mut bound = at.axes.upper(config, random(seed)).map_err(|e| e.to_string())?;
    set_weights(name, &mut *bound);
    let situation = EnergySituation {
        energy: &*at.energy,
        generator: &*at.generator,
        latents: &at.latents,
        data: &at.data,
    };
    let tape = SharedTape::training(Parts::ENERGY | Parts::UPPER);
    let view = EnergyView::new(&situation, tape, random(seed), 1);
    let estimate = bound.divergence(&view).map_err(|e| e.to_string())?;
    // What is trained; what `diffusion` reports besides has draws of its own.
    let value = vec![f64::from(values(&estimate.value)[0])];
    let mut gradients = backward(estimate.value);
    let of_energy = collect_gradients(&*at.energy, &mut gradients);
    let own = collect_gradients(&*bound, &mut gradients);
    let mut found = vec![(Compared::Value, value)];
    found.extend(in_weights([of_energy, own].concat()));
    Ok(found)
}
