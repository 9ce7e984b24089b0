//! The numbers: gradients against differences, losses on record, states that go on bit for bit, ranks that train alike.

#[path = "../command/mod.rs"]
mod command;

mod data_parallel;
mod golden;
mod gradients;
mod jacobian;
mod negatives;
mod resume;
mod schedules;
mod selftest;
mod wide_data;
