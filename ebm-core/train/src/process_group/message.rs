//! Values as messages between processes of one program.

use serde::{Serialize, de::DeserializeOwned};

use super::{ProcessGroup, ProcessGroupError};

/// The values of all ranks, in their order.
pub(crate) fn gather<T: Serialize + DeserializeOwned>(
    group: &dyn ProcessGroup,
    own: &T,
) -> Result<Vec<T>, ProcessGroupError> {
    let all = group.gather(&encoded(group, own)?)?;
    all.iter().map(|bytes| decoded(group, bytes)).collect()
}

/// The value of rank 0.
pub(crate) fn broadcast<T: Serialize + DeserializeOwned>(
    group: &dyn ProcessGroup,
    own: &T,
) -> Result<T, ProcessGroupError> {
    decoded(group, &group.broadcast(&encoded(group, own)?)?)
}

fn encoded<T: Serialize>(group: &dyn ProcessGroup, value: &T) -> Result<Vec<u8>, ProcessGroupError> {
    rmp_serde::to_vec_named(value).map_err(|error| ProcessGroupError::out_of_step(group, error))
}

fn decoded<T: DeserializeOwned>(group: &dyn ProcessGroup, bytes: &[u8]) -> Result<T, ProcessGroupError> {
    rmp_serde::from_slice(bytes).map_err(|error| ProcessGroupError::out_of_step(group, error))
}
