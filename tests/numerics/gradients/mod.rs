//! Values and gradients of every bound, against closed forms and central differences.
//!
//! In single precision the differences check the wiring, in double precision (feature `f64`) the formulas.

mod lower;
mod models;
mod upper;

use ebm_core::bounds::EnergyView;
use ebm_core::device::values;
use ebm_core::geometry::Runtime;
use ebm_core::kernels::{Activation, sum};
use ebm_core::models::{Generator, sample};
use ebm_core::random::Random;
use ebm_core::registry::UpperBoundSpec;
use ebm_core::tape::{Parts, SharedTape, backward};
use ebm_tests::differences::{all_zero, differences, gradients_of};
use ebm_tests::square;

use lower::{entropy, sv_forms};
use models::{GENERATOR_BATCH, energies, generators, latents, mlp_generator};
use upper::{Batch, penalties};

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
            assert!(all_zero(&gradients_of(&*batch.generator, &mut gradients)), "{label}, {config:?}");
            assert!(!all_zero(&gradients_of(&*energy, &mut gradients)), "{label}, {config:?}");
        }
        for (form, config) in sv_forms() {
            let tape = SharedTape::training(Parts::GENERATOR | Parts::LOWER);
            let bound = entropy(&config, &*batch.generator, &batch.latents, tape.clone()).value;
            let x = sample(&*batch.generator, &batch.latents, &tape, Random::new(4));
            let mut gradients = backward(sum(energy.forward(x)) - bound);
            assert!(all_zero(&gradients_of(&*energy, &mut gradients)), "{label}, {form}");
            assert!(!all_zero(&gradients_of(&*batch.generator, &mut gradients)), "{label}, {form}");
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
