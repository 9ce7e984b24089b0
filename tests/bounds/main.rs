//! The bounds: on the right side of known truths, with every rule of the contract kept, and every planted fault found.

mod conformance;
mod conformance_faults;
mod diffusion;
mod mutual_information;
mod sandwich;
