//! Exact maximum likelihood in one or two dimensions: the baseline that needs no bound.

use crate::draws::draw_data;
use crate::error::TrainError;
use crate::finite::Check;
use crate::grid::jittered_nodes;
use crate::optim::Gradient;
use crate::report::StepReport;
use crate::trainer::Trainer;
use ebm_core::bounds::{Estimate, Measurement};
use ebm_core::device::{Real, values};
use ebm_core::geometry::Geometry;
use ebm_core::tape::{Parts, SharedTape, backward};
use ebm_core::tensor::{sum, tensor};

/// Nodes an axis in one and in two dimensions.
const NODES: [usize; 2] = [4096, 160];

impl<G: Geometry> Trainer<G> {
    /// Minimises `E_data[E] + log Z` by one update; `d log Z = -E_p[dE]` on a jittered grid.
    ///
    /// Where several ranks train, each has its share of the data and the whole grid.
    pub(crate) fn likelihood_step(&mut self, report: &mut StepReport) -> Result<(), TrainError> {
        let check = Check { step: report.step };
        let (terms, gradient) = match self.likelihood_terms(check) {
            Ok(None) => return Ok(()),
            Ok(Some((of_data, log_z, gradient))) => (Some((of_data, log_z)), Ok([gradient])),
            Err(error) => (None, Err(error)),
        };
        let (step, steps) = (self.progress.step, self.config.steps);
        let factor = self.config.energy.schedule.factor(step, steps);
        let norm = check.update(
            &self.ranks,
            factor,
            [("the energy's gradient", &mut *self.players.energy, &mut *self.optimizers.energy)],
            gradient,
        )?;
        report.energy_gradient_norm = Some(norm);
        if let Some((of_data, log_z)) = terms {
            report.energy_loss = Some(of_data.value + log_z);
            report.data_energy = Some(of_data);
        }
        Ok(())
    }

    /// `E_data[E]`, log Z, and the gradient of their sum; `None` for another objective.
    fn likelihood_terms(&self, check: Check) -> Result<Option<(Measurement, f64, Gradient)>, TrainError> {
        let random = self.draws().stream("likelihood-step").at(self.progress.step);
        let geometry = self.players.energy.geometry();
        let data = draw_data(geometry, &*self.data, self.config.batch, random)?;
        let width = geometry.data_width();
        let Some(region) = &self.likelihood_box else {
            return Ok(None);
        };
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
        check.finite("E_data[E]", of_data.measurement.value)?;
        check.finite("log Z", log_z)?;
        let count = shares.len();
        let shares = tensor(shares, (count,));
        let loss = of_data.value.clone() - sum(energies * shares);
        let gradient = Gradient::of(&**energy, &mut backward(loss));
        Ok(Some((of_data.measurement, log_z, gradient)))
    }
}
