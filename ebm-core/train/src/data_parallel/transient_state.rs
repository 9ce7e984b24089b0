//! The transient states of modules, of the whole batch: arrays with a row for each sample among them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use super::ranks::Ranks;
use crate::error::TrainError;
use crate::state_file;
use ebm_core::device::Real;
use ebm_core::error::StateError;
use ebm_core::parameter::State;
use ebm_core::random::Share;

/// Transient states by owner.
pub(crate) type TransientStates = BTreeMap<String, State>;

impl Ranks {
    /// The transient states of all ranks put together: arrays that have a row for each sample of this rank's share, of `batch`
    /// samples in all, get the rows of all ranks; other arrays are rank 0's. Arrays that a rank lacks are left out.
    pub fn whole_transient_states(&self, own: TransientStates, batch: usize) -> Result<TransientStates, TrainError> {
        if self.is_alone() {
            return Ok(own);
        }
        let (path, rows) = (Path::new("transient state"), self.share().of(batch));
        let encode = |(owner, state): (String, State)| {
            Ok::<_, StateError>((owner, state_file::encode(&state, &BTreeMap::new(), path)?))
        };
        let own = own.into_iter().filter(|(_, state)| !state.is_empty()).map(encode);
        let own: BTreeMap<String, Vec<u8>> = own.collect::<Result<_, _>>().map_err(|error| self.out_of_step(error))?;
        // Most modules have none; a single number tells.
        let mut any = [Real::from(u8::from(!own.is_empty()))];
        self.group().sum(&mut any)?;
        if any[0] == 0.0 {
            return Ok(TransientStates::new());
        }
        let owners = self.exchange(&own.keys().cloned().collect::<Vec<_>>())?;
        let common = owners[0].iter().filter(|owner| owners.iter().all(|all| all.contains(owner)));
        let mut whole = TransientStates::new();
        for owner in common {
            let parts = self.group().gather(&own[owner])?;
            let decoded = parts.iter().map(|bytes| state_file::decode(bytes, path));
            let parts: Vec<State> = decoded.collect::<Result<_, _>>().map_err(|error| self.out_of_step(error))?;
            whole.insert(owner.clone(), joined(&parts, rows));
        }
        Ok(whole)
    }
}

/// The arrays of all parts, the rows of one below those of the other.
fn joined(parts: &[State], rows: usize) -> State {
    let mut whole = State::new();
    for (name, (shape, first)) in &parts[0] {
        let given: Option<Vec<_>> = parts.iter().map(|part| part.get(name)).collect();
        let Some(given) = given.filter(|given| given.iter().all(|(other, _)| other == shape)) else {
            continue;
        };
        let entry = match shape.first() {
            Some(&count) if count == rows => {
                let mut shape = shape.clone();
                shape[0] *= parts.len();
                (shape, given.into_iter().flat_map(|(_, values)| values.clone()).collect())
            }
            _ => (shape.clone(), first.clone()),
        };
        whole.insert(name.clone(), entry);
    }
    whole
}

/// The rows of one share in the transient state of a whole batch of `batch` samples; arrays without a row a sample as they are.
pub(crate) fn own_rows(state: &State, share: Share, batch: usize) -> Cow<'_, State> {
    if share.is_all() {
        return Cow::Borrowed(state);
    }
    let own = state.iter().map(|(name, (shape, values))| {
        let entry = match shape.first() {
            Some(&count) if count == batch && count > 0 => {
                let (mut shape, width) = (shape.clone(), values.len() / count);
                shape[0] = share.of(batch);
                let rows = share.rows(batch);
                (shape, values[rows.start * width..rows.end * width].to_vec())
            }
            _ => (shape.clone(), values.clone()),
        };
        (name.clone(), entry)
    });
    Cow::Owned(own.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(arrays: &[(&str, &[usize], &[Real])]) -> State {
        let entry =
            |(name, shape, values): &(&str, &[usize], &[Real])| ((*name).into(), (shape.to_vec(), values.to_vec()));
        arrays.iter().map(entry).collect()
    }

    #[test]
    fn rows_of_samples_are_joined_and_taken_apart_and_the_rest_is_left_alone() {
        let first = state(&[("warm", &[2, 1], &[1.0, 2.0]), ("count", &[1], &[7.0]), ("own", &[1], &[0.0])]);
        let second = state(&[("warm", &[2, 1], &[3.0, 4.0]), ("count", &[1], &[8.0])]);
        let whole = joined(&[first, second], 2);
        let expected = state(&[("warm", &[4, 1], &[1.0, 2.0, 3.0, 4.0]), ("count", &[1], &[7.0])]);
        assert_eq!(whole, expected);
        let part = own_rows(&whole, Share::new(1, 2), 4);
        assert_eq!(*part, state(&[("warm", &[2, 1], &[3.0, 4.0]), ("count", &[1], &[7.0])]));
        assert_eq!(*own_rows(&whole, Share::ALL, 4), whole);
    }
}
