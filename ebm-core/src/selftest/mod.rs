//! Cases of the self-test that any model or bound can register.
//!
//! The examples of all registered components are cases by themselves; a crate adds those of more options of its own:
//!
//! ```ignore
//! ebm_core::kernels::selftest_cases!(cases);
//! fn cases() -> Vec<Case> {
//!     vec![energy("mine, wide", r#"{"kind": "mine", "hidden": [40, 30]}"#, 12)]
//! }
//! ```

mod bounds;
mod models;

pub use crate::kernels::selftest::{Case, Draws};
pub use bounds::{SQUARE, TALL, lower, upper, upper_of};
pub use models::{energy, generator};

/// A configuration in JSON.
fn parsed<C: serde::de::DeserializeOwned>(json: &str) -> Result<C, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}
