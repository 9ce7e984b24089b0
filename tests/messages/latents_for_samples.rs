//! The energy of latents: another axis.

use ebm_core::prelude::*;

fn energies<G: Geometry>(energy: &dyn Energy<G>, latents: Latents<G, SharedTape>) -> PerSample<SharedTape> {
    energy.forward(latents)
}

fn main() {
    let _ = energies::<Runtime>;
}
