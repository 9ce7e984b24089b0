//! Crates that the program writes: a template for a component of the user's own.
//!
//! | file | has |
//! |---|---|
//! | `name` | which names a new crate may have, and how they are written in Rust |
//! | `origin` | where the crates of this project are taken from |
//! | `files` | the files of a template, filled in |
//! | `folder` | writes a folder completely or not at all |

mod files;
mod folder;
mod name;
mod origin;

pub(crate) use files::{CARGO_CONFIG, EDITION, Kind, PROFILES, new_crate};
pub(crate) use folder::write_folder;
pub(crate) use name::CrateName;
pub(crate) use origin::{Origin, absolute, read_manifest, toml_text};
