//! The grid that log Z is summed over, and its refinement.

use ebm_core::device::Real;
use ebm_core::geometry::Geometry;
use ebm_core::models::Energy;
use ebm_train::grid::Region;

use super::log_sum::log_total;
use super::panel::Panel;
use super::{QuadratureConfig, QuadratureError};

/// Units in the last place by which a computed energy may be off: a network rounds at every layer.
const ROUNDINGS: f64 = 4.0;

/// The data's box and the shells around it.
pub(super) struct Grid {
    pub data_box: Region,
    pub core: Panel,
    pub shells: Vec<Vec<Panel>>,
}

impl Grid {
    pub fn new<G: Geometry>(
        energy: &dyn Energy<G>,
        data_box: &Region,
        config: &QuadratureConfig,
    ) -> Result<Self, QuadratureError> {
        let cells = match data_box.width() {
            1 => vec![16 * config.start],
            width => vec![config.start; width],
        };
        Ok(Self { data_box: data_box.clone(), core: Panel::new(energy, data_box.clone(), cells)?, shells: Vec::new() })
    }

    pub fn panels(&self) -> impl Iterator<Item = &Panel> {
        std::iter::once(&self.core).chain(self.shells.iter().flatten())
    }

    pub fn log_total(&self) -> f64 {
        log_total(self.panels().map(|panel| panel.log_mass))
    }

    /// The effect that rounding of the energies to `Real` can have on log Z, in nats.
    pub fn rounding(&self) -> f64 {
        let least = self.panels().map(|panel| panel.least_energy).fold(f64::INFINITY, f64::min);
        // Nearly all of the mass lies within a few nats of the least energy.
        ROUNDINGS * f64::from(Real::EPSILON) * least.abs().max(1.0)
    }

    pub fn tolerance(&self, config: &QuadratureConfig) -> f64 {
        config.tolerance.max(self.rounding())
    }

    pub fn evaluations(&self) -> usize {
        self.panels().map(|panel| panel.evaluations).sum()
    }

    pub fn region(&self) -> Region {
        self.data_box.scaled(2f64.powi(self.shells.len() as i32))
    }

    /// Sum of what the last refinements changed, as a share of the total.
    pub fn change(&self) -> f64 {
        let total = self.log_total();
        self.panels().map(|panel| panel_change(panel, total)).sum()
    }

    /// Refines until the changes are small or the evaluations are spent; whether they are small.
    pub fn refine<G: Geometry>(
        &mut self,
        energy: &dyn Energy<G>,
        config: &QuadratureConfig,
    ) -> Result<bool, QuadratureError> {
        loop {
            let total = self.log_total();
            if self.change() <= 0.5 * self.tolerance(config) {
                return Ok(true);
            }
            let spent = self.evaluations();
            let panels = std::iter::once(&mut self.core).chain(self.shells.iter_mut().flatten());
            let Some(worst) = panels.max_by(|a, b| panel_change(a, total).total_cmp(&panel_change(b, total))) else {
                return Ok(true);
            };
            if spent + worst.refinement_cost() > config.max_evaluations {
                return Ok(false);
            }
            worst.refine(energy)?;
        }
    }
}

fn panel_change(panel: &Panel, log_total: f64) -> f64 {
    if log_total == f64::NEG_INFINITY {
        return 0.0;
    }
    ((panel.log_mass - log_total).exp() - (panel.log_mass_before - log_total).exp()).abs()
}
