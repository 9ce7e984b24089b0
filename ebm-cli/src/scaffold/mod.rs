//! Crates that the program writes: a bound of somebody's own from a template.
//!
//! | file | has |
//! |---|---|
//! | `name` | which names a bound's crate may have, and what they are in Rust |
//! | `origin` | where `ebm-core` and `ebm-cli` are taken from |
//! | `files` | the template's files, filled in |
//! | `folder` | a folder that appears whole or not at all |

mod files;
mod folder;
mod name;
mod origin;

pub(crate) use files::{CARGO_CONFIG, EDITION, Kind, PROFILES, bound};
pub(crate) use folder::{FolderError, write_folder};
pub(crate) use name::CrateName;
pub(crate) use origin::{Origin, OriginError, read_manifest, toml_text};
