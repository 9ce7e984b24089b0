//! Faults: processes that are killed, full disks, damaged files, numbers that are not finite, bounds that break the contract.

#[path = "../command/mod.rs"]
mod command;

mod conformance_faults;
mod damage;
mod fuzz;
mod last_good_state;
mod non_finite;
mod runs;
