//! The bounds: on the right side of known truths, with every rule of the contract kept.

mod conformance;
mod diffusion;
mod gradient_penalty;
mod mutual_information;
mod noise_floor;
mod sandwich;
