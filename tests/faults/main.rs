//! Faults: processes that are killed, full disks, damaged files, numbers that are not finite.

#[path = "../command/mod.rs"]
mod command;

mod fuzz;
mod last_good_state;
mod non_finite;
mod runs;
