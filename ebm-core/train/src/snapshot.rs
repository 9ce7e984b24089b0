use crate::players::Players;
use ebm_core::{buffers::read, device::PerSample, geometry::Geometry};

/// Every array of all players after an iteration.
///
/// Taking one is cheap: tensors share their storage until an update changes one of them.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    /// The iteration, counted from 1; 0 for the initial models.
    pub step: u64,
    values: Vec<PerSample>,
}

impl Snapshot {
    pub fn of<G: Geometry>(players: &Players<G>, step: u64) -> Self {
        let parameters = players.modules().flat_map(|(_, module)| module.parameters());
        Self { step, values: parameters.map(|p| p.tensor().clone()).collect() }
    }

    /// Puts the values back into the players they were taken from.
    pub fn restore<G: Geometry>(&self, players: &mut Players<G>) {
        let parameters = players.modules_mut().flat_map(|(_, module)| module.parameters_mut());
        for (parameter, value) in parameters.zip(&self.values) {
            // Values, not tensors: a gradient is found under the tensor that the parameter has now.
            parameter.set(&read(value));
        }
    }
}
