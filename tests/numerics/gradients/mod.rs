//! Values and gradients of every bound, against closed forms and central differences.

mod lower;
mod models;
mod upper;

use ebm_core::models::{Generator, sample};
use ebm_core::tape::{Parts, SharedTape, backward};
use ebm_core::{device::values, geometry::Runtime, kernels::sum, random::Random};
use ebm_tests::differences::{differences, gradients_of};

use models::{GENERATOR_BATCH, energies, generators, latents};

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
