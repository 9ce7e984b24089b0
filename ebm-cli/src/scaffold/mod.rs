//! Crates that the program writes: a template for a component of the user's own.

mod files;
mod folder;
mod name;
mod origin;

pub(crate) use files::{CARGO_CONFIG, EDITION, Kind, PROFILES, new_crate};
pub(crate) use folder::write_files;
pub(crate) use name::CrateName;
pub(crate) use origin::{Origin, absolute, read_manifest, toml_text};
