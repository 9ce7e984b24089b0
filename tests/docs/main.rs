//! The book, the README and the guide for contributors are correct: links lead somewhere, configurations can be used,
//! commands are understood, and quotes are what the program prints and the files hold.
//!
//! `REGENERATE_BOOK=1 cargo test -p ebm-tests --test docs` writes the quotes anew. Rust code is compiled as
//! documentation tests of this crate, see `ebm_tests::book`.

#[path = "../command/mod.rs"]
mod command;

mod blocks;
mod commands;
mod inserts;
mod links;
#[cfg(unix)]
mod quick_start;
