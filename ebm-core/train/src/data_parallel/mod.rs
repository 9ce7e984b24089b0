//! Training on several processes, as the trainer sees it.
//!
//! Every rank has all of the models, and the same. It evaluates the terms on its share of a batch; gradients are averaged,
//! and each rank takes the same step. An error or a wish to stop of one rank is one of all: whatever can differ from rank to rank
//! goes through [`Ranks::agree`] before anything depends on it.

mod decision;
mod ranks;
mod remote_error;
mod transient_state;

pub(crate) use decision::Decision;
pub(crate) use ranks::Ranks;
pub(crate) use transient_state::{TransientStates, own_rows};
