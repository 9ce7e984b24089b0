//! Exact maximum likelihood in one or two dimensions: the baseline that needs no bound.

use super::check::Check;
use super::draws::draw_data;
use super::{StepReport, TrainError, Trainer};
use crate::grid::{Region, jittered_nodes};
use crate::optim::Gradient;
use ebm_core::bounds::{Estimate, Measurement};
use ebm_core::buffers::{self, read};
use ebm_core::data::Dataset;
use ebm_core::device::Real;
use ebm_core::error::ConfigError;
use ebm_core::geometry::Geometry;
use ebm_core::kernels::sum;
use ebm_core::random::Random;
use ebm_core::tape::{Parts, SharedTape, backward};

/// Nodes an axis in one and in two dimensions.
const NODES: [usize; 2] = [4096, 160];

/// The box of the quadrature: that of the data with a margin; a confinement keeps the mass in it.
pub(super) fn region(data: &dyn Dataset, random: Random) -> Result<Region, ConfigError> {
    ConfigError::require(
        data.width() <= 2,
        "train.objective",
        "maximum-likelihood",
        &format!("data of one or two dimensions for it, not {}", data.width()),
    )?;
    let draw = data.draw(10_000, random.stream("likelihood-box"));
    Ok(Region::around(&draw, data.width(), 0.25))
}

impl<G: Geometry> Trainer<G> {
    /// Minimises `E_data[E] + log Z` by one update; `d log Z = -E_p[dE]` on a jittered grid.
    ///
    /// Where several ranks train, each has its share of the data and the whole grid.
    pub(super) fn likelihood_step(&mut self, report: &mut StepReport) -> Result<(), TrainError> {
        let check = Check { step: report.step };
        let (terms, gradient) = match self.likelihood_terms(check) {
            Ok(None) => return Ok(()),
            Ok(Some((of_data, log_z, gradient))) => (Some((of_data, log_z)), Ok([gradient])),
            Err(error) => (None, Err(error)),
        };
        let factor = self
            .config
            .energy
            .schedule
            .factor(self.progress.step, self.config.steps);
        let norm = check.update(
            &self.team,
            factor,
            [(
                "the energy's gradient",
                &mut *self.players.energy,
                &mut self.optimizers.energy,
            )],
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
        use dfdx::prelude::{PutTape, SplitTape};
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
        let (energies, tape) = energy.forward(tape.watch(&nodes)).split_tape();
        let (shares, log_z) = {
            let energies = read(&energies);
            let least = energies.iter().copied().fold(Real::INFINITY, Real::min);
            let weights: Vec<f64> = energies.iter().map(|e| f64::from(least - e).exp()).collect();
            let total: f64 = weights.iter().sum();
            let shares: Vec<Real> = weights.iter().map(|w| (w / total) as Real).collect();
            (shares, (total * cell).ln() - f64::from(least))
        };
        check.finite("E_data[E]", of_data.measurement.value)?;
        check.finite("log Z", log_z)?;
        let count = shares.len();
        let shares = buffers::tensor(shares, (count,));
        let loss = of_data.value.clone() - sum(energies.put_tape(tape) * shares);
        let gradient = Gradient::of(&**energy, &mut backward(loss));
        Ok(Some((of_data.measurement, log_z, gradient)))
    }
}
