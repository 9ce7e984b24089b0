//! The transient states of modules, of the whole batch: arrays with a row for each sample among them.

use std::collections::BTreeMap;

use super::ranks::Ranks;
use crate::error::TrainError;
use ebm_core::{parameter::State, random::Share};

/// Transient states by owner.
pub(crate) type TransientStates = BTreeMap<String, State>;

impl Ranks {
    /// The transient states of all ranks put together: arrays that have a row for each sample of this rank's share, of `batch`
    /// samples in all, get the rows of all ranks; other arrays are rank 0's. Arrays that a rank lacks are left out.
    pub fn whole_transient_states(&self, own: TransientStates, batch: usize) -> Result<TransientStates, TrainError> {
        if self.is_alone() {
            return Ok(own);
        }
        let own: TransientStates = own.into_iter().filter(|(_, state)| !state.is_empty()).collect();
        // Most modules have none.
        if !self.any(!own.is_empty())? {
            return Ok(TransientStates::new());
        }
        let all = self.exchange(&own)?;
        let rows = self.share().of(batch);
        let whole = all[0].keys().filter_map(|owner| {
            let parts: Option<Vec<_>> = all.iter().map(|states| states.get(owner)).collect();
            Some((owner.clone(), joined(&parts?, rows)))
        });
        Ok(whole.collect())
    }
}

/// The arrays that all parts have in one shape; those of `rows` rows get the rows of all parts, one below the other.
fn joined(parts: &[&State], rows: usize) -> State {
    let mut whole = parts[0].clone();
    whole.retain(|name, (shape, values)| {
        let is_common = parts.iter().all(|part| part.get(name).is_some_and(|(other, _)| other == shape));
        if is_common && shape.first() == Some(&rows) {
            shape[0] *= parts.len();
            values.extend(parts[1..].iter().flat_map(|part| &part[name].1));
        }
        is_common
    });
    whole
}

/// The rows of one share in the transient state of a whole batch of `batch` samples; arrays without a row a sample as they are.
pub(crate) fn own_rows(mut state: State, share: Share, batch: usize) -> State {
    let is_whole = |shape: &[usize]| shape.first() == Some(&batch) && batch > 0 && !share.is_all();
    for (shape, values) in state.values_mut().filter(|(shape, _)| is_whole(shape)) {
        let (width, rows) = (values.len() / batch, share.rows(batch));
        shape[0] = rows.len();
        *values = values[rows.start * width..rows.end * width].to_vec();
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::device::Real;

    fn state(arrays: &[(&str, &[usize], &[Real])]) -> State {
        let entry =
            |(name, shape, values): &(&str, &[usize], &[Real])| ((*name).into(), (shape.to_vec(), values.to_vec()));
        arrays.iter().map(entry).collect()
    }

    #[test]
    fn rows_of_samples_are_joined_and_taken_apart_and_the_rest_is_left_alone() {
        let first = state(&[("warm", &[2, 1], &[1.0, 2.0]), ("count", &[1], &[7.0]), ("own", &[1], &[0.0])]);
        let second = state(&[("warm", &[2, 1], &[3.0, 4.0]), ("count", &[1], &[8.0])]);
        let whole = joined(&[&first, &second], 2);
        let expected = state(&[("warm", &[4, 1], &[1.0, 2.0, 3.0, 4.0]), ("count", &[1], &[7.0])]);
        assert_eq!(whole, expected);
        let part = own_rows(whole.clone(), Share::new(1, 2), 4);
        assert_eq!(part, state(&[("warm", &[2, 1], &[3.0, 4.0]), ("count", &[1], &[7.0])]));
        assert_eq!(own_rows(whole.clone(), Share::ALL, 4), whole);
    }
}
