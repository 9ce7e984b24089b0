//! A small classifier of digits: it says which modes of StackedMNIST samples are in, and gives features of grey images.
//!
//! It is no Inception network. Figures made with its features are called so ("classifier Fréchet distance"), and compare only
//! with figures made with the same weights; their BLAKE3 hash is given with each.

mod cache;
mod network;
mod training;

pub(crate) use cache::{Origin, trained};
pub(crate) use network::{Classifier, FEATURES};
