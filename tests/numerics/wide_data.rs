//! Bounds on batches whose Jacobians are too large to be held at once.

use ebm_core::bounds::{Guarantee, Measurement};
use ebm_core::{data::Dataset, device::Real, geometry::Runtime, random::Random};
use ebm_eval::quadrature::energies;
use ebm_tests::config;
use ebm_train::Trainer;
use std::sync::Arc;

const WIDTH: usize = 4096;
const CONFIG: &str = r#"
generator = { kind = "mlp", latent = 1, hidden = [3] }
energy = { kind = "mlp", hidden = [3] }
lower = "sv"
upper = "gp"
train = { batch = 16 }
"#;

/// Normal values in many dimensions, of which some are held out.
struct Wide {
    held_out: usize,
}

impl Dataset for Wide {
    fn width(&self) -> usize {
        WIDTH
    }
    fn draw(&self, n: usize, random: Random) -> Vec<Real> {
        random.normals(WIDTH * n)
    }
    fn held_out(&self, n: usize, random: Random) -> Vec<Real> {
        random.stream("held out").normals(WIDTH * n.min(self.held_out))
    }
}

fn trainer(held_out: usize) -> Trainer<Runtime> {
    let geometry = Runtime { latent: 1, data: WIDTH };
    ebm_tests::trainer(&config(CONFIG), geometry, Arc::new(Wide { held_out }))
}

#[test]
fn a_batch_in_parts_has_the_energies_of_the_whole() {
    // A part has 2^23 / (2 * 4096) = 1024 samples.
    let (mut trainer, place) = (trainer(usize::MAX), Random::new(3));
    let report = trainer.bounds(2500, place).unwrap();
    let data = trainer.data().held_out(2500, place.stream("data"));
    let energies = energies(trainer.energy(), &data).into_iter().map(f64::from);
    let (truth, found) = (Measurement::of(energies, Guarantee::heuristic("a mean")), report.data_energy.unwrap());
    assert_eq!(found.samples, 2500);
    assert!((found.value - truth.value).abs() < 1e-5, "{found:?} {truth:?}");
    assert!((found.standard_error - truth.standard_error).abs() < 1e-6, "{found:?} {truth:?}");
    for term in [report.generated_energy, report.entropy, report.divergence, report.lower] {
        let term = term.unwrap();
        assert_eq!(term.samples, 2500);
        assert!(term.value.is_finite() && term.standard_error.is_finite(), "{term:?}");
    }
}

#[test]
fn few_samples_that_are_held_out_make_few_parts() {
    let report = trainer(5).bounds(9000, Random::new(3)).unwrap();
    assert_eq!(report.data_energy.unwrap().samples, 5);
    // Two parts, the most that have two samples of data each.
    assert_eq!(report.generated_energy.unwrap().samples, 2048);
}
