use std::collections::VecDeque;
use std::sync::Arc;

use super::{config::RefineConfig, data_scale::DataScale};
use crate::chains::{Chains, Transition, energies_and_gradients};
use crate::draws::draw_latents;
use ebm_core::device::{Real, values};
use ebm_core::error::StateError;
use ebm_core::geometry::{Geometry, Samples};
use ebm_core::models::{Energy, Generator, sample};
use ebm_core::{parameter::State, random::Random, tape::SharedTape};

/// A chain this many standard deviations of the data from their mean starts anew.
const REACH: f64 = 10.0;
/// The name of the array that chains are saved under.
const ARRAY: &str = "chains";

/// Markov chains on the energy that go on from step to step: a queue of blocks, of which a step moves the first.
///
/// A block has the chains of one step, `[n, D]`: where several processes train, each has its own rows of every block. Blocks are
/// shared with the copy that an iteration can be undone to.
pub(super) struct ChainBuffer {
    config: RefineConfig,
    /// Chains in a block, of all processes together.
    chains: usize,
    blocks: VecDeque<Arc<Vec<Real>>>,
    marked: VecDeque<Arc<Vec<Real>>>,
}

impl ChainBuffer {
    /// A buffer without chains yet, for steps that move `chains` of them.
    pub fn new(config: RefineConfig, chains: usize) -> Self {
        Self { config, chains, blocks: VecDeque::new(), marked: VecDeque::new() }
    }

    fn capacity(&self) -> usize {
        self.config.buffer.div_ceil(self.chains)
    }

    /// Moves the chains that have waited longest, and keeps them; new ones, until there are as many as are to be kept. Returns
    /// where they are now, `[n, D]`, the rows of this process.
    pub fn advance<G: Geometry>(
        &mut self,
        energy: &dyn Energy<G>,
        generator: &dyn Generator<G>,
        scale: &DataScale,
        random: Random,
    ) -> Samples<G> {
        let geometry = energy.geometry();
        let width = geometry.data_width();
        let latents = draw_latents(geometry, self.chains, random);
        let fresh = values(&sample(generator, &latents, &SharedTape::off(), random));
        let is_full = self.blocks.len() >= self.capacity();
        let mut points = match is_full.then(|| self.blocks.pop_front()).flatten() {
            Some(block) => block.to_vec(),
            None => fresh.clone(),
        };
        let restart = |points: &mut [Real], row: usize| {
            let row = row * width..(row + 1) * width;
            points[row.clone()].copy_from_slice(&fresh[row]);
        };
        let chances = random.stream("restart").uniforms(points.len() / width);
        for (row, chance) in chances.into_iter().enumerate() {
            let goes_on = scale.contains(&points[row * width..(row + 1) * width], REACH);
            if !goes_on || f64::from(chance) < self.config.restart {
                restart(&mut points, row);
            }
        }

        // In units of the data's deviations, in which one step size suits all columns.
        let potential = |points: &[Real]| {
            let (energies, gradients) = energies_and_gradients(energy, &scale.stretched(points));
            (energies, scale.stretched(&gradients))
        };
        let mut start = scale.shrunk(&points);
        let (mut energies, mut gradients) = potential(&start);
        let slopes = gradients.chunks_exact(width);
        let is_finite = |(e, g): (&Real, &[Real])| e.is_finite() && g.iter().all(|g| g.is_finite());
        let lost: Vec<usize> =
            energies.iter().zip(slopes).enumerate().filter(|(_, at)| !is_finite(*at)).map(|(row, _)| row).collect();
        if !lost.is_empty() {
            lost.into_iter().for_each(|row| restart(&mut points, row));
            start = scale.shrunk(&points);
            (energies, gradients) = potential(&start);
        }
        let mut chains = Chains::resume(&potential, width, start, energies, gradients);
        let transition = Transition { step_size: (2.0 * self.config.step_size).sqrt(), leapfrog: 1, tested: true };
        for step in 0..self.config.steps {
            chains.advance(transition, random.stream("step").stream(&step.to_string()));
        }
        let points = scale.stretched(&chains.points);
        self.blocks.push_back(Arc::new(points.clone()));
        geometry.samples(points)
    }

    /// Remembers the chains as those that [`ChainBuffer::undo`] goes back to.
    pub fn mark(&mut self) {
        self.marked = self.blocks.clone();
    }

    pub fn undo(&mut self) {
        self.blocks = self.marked.clone();
    }

    pub fn clear(&mut self) {
        self.blocks.clear();
        self.marked.clear();
    }

    /// The chains of this process: one array with a row for each chain of a block, whose values are those of all blocks, the first
    /// first. So the rows of all processes, one below the other, are the state of one process.
    pub fn state(&self, width: usize) -> State {
        let Some(first) = self.blocks.front() else {
            return State::new();
        };
        let (rows, columns) = (first.len() / width, self.blocks.len() * width);
        let mut values = Vec::with_capacity(rows * columns);
        for row in 0..rows {
            self.blocks.iter().for_each(|block| values.extend_from_slice(&block[row * width..(row + 1) * width]));
        }
        State::from([(ARRAY.to_string(), (vec![rows, columns], values))])
    }

    /// Takes over the chains of this process; without any, starts anew, as from a state of a release that had none.
    ///
    /// # Errors
    /// If the arrays are not those of so many chains.
    pub fn restore(&mut self, mut state: State, rows: usize, width: usize) -> Result<(), StateError> {
        self.clear();
        let Some((shape, values)) = state.remove(ARRAY) else {
            return state.into_keys().next().map_or(Ok(()), |name| Err(StateError::Unknown { name }));
        };
        let blocks = values.len() / (rows * width);
        if shape != [rows, blocks * width] || blocks > self.capacity() {
            let expected = vec![rows, self.capacity() * width];
            return Err(StateError::Shape { name: ARRAY.into(), found: shape, expected });
        }
        let columns = blocks * width;
        self.blocks = (0..blocks)
            .map(|block| {
                let row = |row: usize| &values[row * columns + block * width..][..width];
                Arc::new((0..rows).flat_map(|r| row(r).iter().copied()).collect())
            })
            .collect();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(blocks: &[&[Real]]) -> ChainBuffer {
        let mut buffer = ChainBuffer::new(RefineConfig { buffer: 6, ..Default::default() }, 2);
        buffer.blocks = blocks.iter().map(|block| Arc::new(block.to_vec())).collect();
        buffer
    }

    #[test]
    fn chains_are_saved_with_a_row_each_and_come_back_in_their_order() {
        let whole = buffer(&[&[1.0, 2.0, 3.0, 4.0], &[5.0, 6.0, 7.0, 8.0]]);
        let state = whole.state(2);
        let expected = (vec![2, 4], vec![1.0, 2.0, 5.0, 6.0, 3.0, 4.0, 7.0, 8.0]);
        assert_eq!(state, State::from([("chains".to_string(), expected)]));
        let mut other = buffer(&[&[0.0; 4]]);
        other.restore(state.clone(), 2, 2).unwrap();
        assert_eq!(other.blocks, whole.blocks);
        // Of a state without chains, none are left.
        other.restore(State::new(), 2, 2).unwrap();
        assert!(other.blocks.is_empty() && other.state(2).is_empty());
        // Eight values are no blocks of three chains in the plane.
        assert!(matches!(other.restore(state, 3, 2), Err(StateError::Shape { .. })));
    }

    #[test]
    fn an_iteration_that_is_undone_leaves_the_chains_as_they_were() {
        let mut chains = buffer(&[&[1.0, 2.0], &[3.0, 4.0]]);
        chains.mark();
        chains.blocks.pop_front();
        chains.blocks.push_back(Arc::new(vec![5.0, 6.0]));
        chains.undo();
        assert_eq!(chains.blocks, buffer(&[&[1.0, 2.0], &[3.0, 4.0]]).blocks);
    }
}
