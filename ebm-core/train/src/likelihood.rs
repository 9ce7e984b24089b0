//! Exact maximum likelihood in one or two dimensions: the baseline that needs no bound.

use crate::finite::{finite, update};
use crate::grid::{Region, jittered_nodes};
use crate::optim::{Gradient, Optimizer};
use crate::{draws::draw_data, error::TrainError, report::StepReport, trainer::Trainer};
use ebm_core::device::{Real, values};
use ebm_core::tape::{Parts, SharedTape, backward};
use ebm_core::tensor::{sum, tensor};
use ebm_core::{bounds::Estimate, geometry::Geometry, parameter::Module};

/// Nodes an axis in one and in two dimensions.
const NODES: [usize; 2] = [4096, 160];

impl<G: Geometry> Trainer<G> {
    /// Minimises `E_data[E] + log Z` by one update; `d log Z = -E_p[dE]` on a jittered grid in the region.
    ///
    /// Where several ranks train, each has its share of the data and the whole grid.
    pub(crate) fn likelihood_step(&mut self, region: &Region, report: &mut StepReport) -> Result<(), TrainError> {
        let gradient = self.likelihood_gradient(region, report);
        let factor = self.config.energy.schedule.factor(self.progress.step, self.config.steps);
        let [energy_optimizer, ..] = &mut self.optimizers;
        let modules: [(&str, &mut dyn Module, &mut dyn Optimizer); 1] =
            [("the energy's gradient", &mut *self.players.energy, &mut **energy_optimizer)];
        report.energy_gradient_norm = Some(update(report.step, &self.ranks, factor, modules, gradient)?);
        Ok(())
    }

    /// Reports `E_data[E]` and its sum with log Z. Returns the gradient of the sum.
    fn likelihood_gradient(&self, region: &Region, report: &mut StepReport) -> Result<[Gradient; 1], TrainError> {
        let random = self.draws().stream("likelihood-step").at(self.progress.step);
        let geometry = self.players.energy.geometry();
        let data = draw_data(geometry, &*self.data, self.config.batch, random)?;
        let width = geometry.data_width();
        let (nodes, cell) = jittered_nodes(region, NODES[width - 1], random);
        let nodes = geometry.samples(nodes);
        let tape = SharedTape::training(Parts::ENERGY);
        let energy = &self.players.energy;
        let of_data = Estimate::sample_mean(energy.forward(tape.watch(&data)));
        let energies = energy.forward(tape.watch(&nodes));
        let (shares, log_z) = {
            let energies = values(&energies);
            let least = energies.iter().copied().fold(Real::INFINITY, Real::min);
            let weights: Vec<f64> = energies.iter().map(|e| f64::from(least - e).exp()).collect();
            let total: f64 = weights.iter().sum();
            let shares: Vec<Real> = weights.iter().map(|w| (w / total) as Real).collect();
            (shares, (total * cell).ln() - f64::from(least))
        };
        finite(report.step, "E_data[E]", of_data.measurement.value)?;
        finite(report.step, "log Z", log_z)?;
        let count = shares.len();
        let shares = tensor(shares, (count,));
        let loss = of_data.value.clone() - sum(energies * shares);
        report.energy_loss = Some(of_data.measurement.value + log_z);
        report.data_energy = Some(of_data.measurement);
        Ok([Gradient::of(&**energy, &mut backward(loss))])
    }
}
