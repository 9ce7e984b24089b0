//! Helpers that the workspace's tests share: random closed-form problems, trainers, gradients against differences, the
//! pages of the book.
#![warn(missing_docs)]

pub mod book;
pub mod differences;
pub mod faults;

use ebm_cli::config::{Layers, Origin, RunConfig};
use ebm_core::models::closed_form::{LinearGaussian, QuadraticEnergy, TriangularFlow};
use ebm_core::{data::Dataset, device::Real, geometry::Runtime, random::Random};
use ebm_train::{Fault, Flow, Observer, ObserverError, Players, Trainer};
use serde::de::DeserializeOwned;
use std::{fs, path::PathBuf, sync::Arc};

/// Options as written between the braces of a configuration; an option that the text leaves out has its default.
pub fn options<C: DeserializeOwned>(text: &str) -> C {
    let text = text.trim_end_matches([',', ' ']);
    let table: toml::Table = format!("options = {{ {text} }}").parse().unwrap();
    table["options"].clone().try_into().unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

/// The TOML files in these folders of the examples, in order.
pub fn examples(folders: &[&str]) -> Vec<PathBuf> {
    let folders = folders.iter().map(|name| book::root().join("examples").join(name));
    let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap()).map(|file| file.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect();
    files.sort();
    files
}

/// A configuration; an option that the text leaves out has its default.
pub fn config(text: &str) -> RunConfig {
    let resolved = Layers::default().toml(Origin::Section("test".into()), text).and_then(Layers::resolve);
    resolved.unwrap_or_else(|fault| panic!("{fault}\n{text}")).config
}

/// A trainer of the configuration's models and bounds, on other data than the configuration names.
pub fn trainer(config: &RunConfig, geometry: Runtime, data: Arc<dyn Dataset>) -> Trainer<Runtime> {
    let players = Players::build(geometry, config.components(), &config.train, Random::new(3)).unwrap();
    Trainer::new(config.train.clone(), players, data, Random::new(4)).unwrap()
}

/// A standard normal distribution in the plane.
pub struct Normal;

impl Dataset for Normal {
    fn width(&self) -> usize {
        2
    }
    fn draw(&self, n: usize, random: Random) -> Vec<Real> {
        random.normals(2 * n)
    }
    fn held_out(&self, n: usize, random: Random) -> Vec<Real> {
        random.stream("held out").normals(2 * n)
    }
}

/// The same distribution with a NaN in some draws: the function gives its index, from the number of samples and the
/// random numbers.
pub struct Holed<F>(pub F);

impl<F: Fn(usize, Random) -> Option<usize> + Send + Sync> Dataset for Holed<F> {
    fn width(&self) -> usize {
        Normal.width()
    }
    fn draw(&self, n: usize, random: Random) -> Vec<Real> {
        let mut draws = Normal.draw(n, random);
        if let Some(index) = (self.0)(n, random) {
            draws[index] = Real::NAN;
        }
        draws
    }
    fn held_out(&self, n: usize, random: Random) -> Vec<Real> {
        Normal.held_out(n, random)
    }
}

/// An observer that collects the faults it is told of.
#[derive(Default)]
pub struct Faults(pub Vec<Fault>);

impl Observer<Runtime> for Faults {
    fn on_fault(&mut self, fault: &Fault) -> Result<Flow, ObserverError> {
        self.0.push(fault.clone());
        Ok(Flow::Continue)
    }
}

/// Numbers to build random problems from.
pub struct Draws(Random);

impl Draws {
    /// The draws of a seed.
    pub fn new(seed: u64) -> Self {
        Self(Random::new(seed))
    }

    /// `n` standard normal values for a purpose.
    pub fn normals(&self, purpose: &str, n: usize) -> Vec<f64> {
        self.0.stream(purpose).normals(n).into_iter().map(f64::from).collect()
    }

    /// A generator `x = W z + b` with a well-conditioned square W.
    pub fn linear(&self, d: usize, noise: f64) -> LinearGaussian<Runtime> {
        let draws = self.normals("weight", d * d);
        let mut w: Vec<f64> = draws.iter().map(|v| 0.4 * v / (d as f64).sqrt()).collect();
        (0..d).for_each(|i| w[i * d + i] += 1.0);
        LinearGaussian::new(square(d), &w, &self.normals("bias", d), noise)
    }

    /// A generator `x = W z + b + sigma n` with as many or more data than latent dimensions.
    pub fn tall(&self, latent: usize, data: usize, noise: f64) -> LinearGaussian<Runtime> {
        let scale = 1.0 / (latent as f64).sqrt();
        let draws = self.normals("weight", data * latent);
        let w: Vec<f64> = draws.iter().map(|v| scale * v).collect();
        LinearGaussian::new(Runtime { latent, data }, &w, &self.normals("bias", data), noise)
    }

    /// A nonlinear injective generator.
    pub fn flow(&self, d: usize) -> TriangularFlow<Runtime> {
        let half = |name: &str| -> Vec<f64> { self.normals(name, d * d).iter().map(|v| 0.5 * v).collect() };
        TriangularFlow::new(square(d), &half("scale"), &half("shift"))
    }

    /// A symmetric positive definite matrix `[d, d]` and a mean `[d]`.
    pub fn precision(&self, d: usize) -> (Vec<f64>, Vec<f64>) {
        let c = self.normals("precision", d * d);
        let mut a = vec![0.0; d * d];
        for i in 0..d {
            for j in 0..d {
                let gram: f64 = (0..d).map(|k| c[i * d + k] * c[j * d + k]).sum();
                a[i * d + j] = gram / d as f64 + if i == j { 0.5 } else { 0.0 };
            }
        }
        (a, self.normals("mean", d).iter().map(|v| 0.5 * v).collect())
    }

    /// A strictly convex quadratic energy.
    pub fn quadratic(&self, latent: usize, d: usize) -> QuadraticEnergy<Runtime> {
        let (precision, mean) = self.precision(d);
        QuadraticEnergy::new(Runtime { latent, data: d }, &precision, &mean)
    }
}

/// As many latent as data dimensions.
pub fn square(d: usize) -> Runtime {
    Runtime { latent: d, data: d }
}
