//! Values as messages, which travel as JSON.

use serde::{Serialize, de::DeserializeOwned};

use super::{Collective, CollectiveError};

/// What every rank has, in their order.
pub(crate) fn gather<T: Serialize + DeserializeOwned>(
    ranks: &dyn Collective,
    own: &T,
) -> Result<Vec<T>, CollectiveError> {
    let all = ranks.gather(&encoded(ranks, own)?)?;
    all.iter().map(|bytes| decoded(ranks, bytes)).collect()
}

/// What rank 0 has.
pub(crate) fn broadcast<T: Serialize + DeserializeOwned>(
    ranks: &dyn Collective,
    own: &T,
) -> Result<T, CollectiveError> {
    decoded(ranks, &ranks.broadcast(&encoded(ranks, own)?)?)
}

fn encoded<T: Serialize>(ranks: &dyn Collective, value: &T) -> Result<Vec<u8>, CollectiveError> {
    serde_json::to_vec(value).map_err(|error| CollectiveError::out_of_step(ranks, error))
}

fn decoded<T: DeserializeOwned>(ranks: &dyn Collective, bytes: &[u8]) -> Result<T, CollectiveError> {
    serde_json::from_slice(bytes).map_err(|error| CollectiveError::out_of_step(ranks, error))
}
