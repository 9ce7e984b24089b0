//! The names that every data set of this crate uses.

pub(crate) use ebm_core::data::{DataError, Dataset};
pub(crate) use ebm_core::{device::Real, error::ConfigError, random::Random, register_dataset, registry::DatasetSpec};
pub(crate) use schemars::JsonSchema;
pub(crate) use serde::{Deserialize, Serialize};
pub(crate) use smart_default::SmartDefault;
pub(crate) use std::path::{Path, PathBuf};

pub(crate) use crate::files::{
    beginning, check_options, check_validation, damaged, located, malformed, missing, open, require_path, shown,
    unreadable,
};
pub(crate) use crate::split::Shares;
pub(crate) use crate::synthetic::{Endless, Source, choices, load_endless, require_positive, uniforms, with_noise};
