//! The mass outside the data's box: shells around it, and what lies beyond the last of them.

use ebm_core::geometry::Geometry;
use ebm_core::models::Energy;
use ebm_train::grid::Region;

use super::grid::Grid;
use super::log_sum::log_total;
use super::panel::Panel;
use super::{QuadratureConfig, QuadratureError};

/// A shell with less than this share of the mass ends the search even if the next might hold a little more.
const NEGLIGIBLE: f64 = 1e-9;

impl Grid {
    /// log of the mass of a shell; shell 0 is the data's box.
    fn log_shell(&self, index: usize) -> f64 {
        match index {
            0 => self.core.log_mass,
            _ => log_total(self.shells[index - 1].iter().map(|panel| panel.log_mass)),
        }
    }

    /// Share of the mass in the outermost shell, and its mass relative to the shell before.
    fn outermost(&self) -> (f64, f64) {
        let last = self.shells.len();
        let mass = self.log_shell(last);
        if mass == f64::NEG_INFINITY {
            return (0.0, 0.0);
        }
        let ratio = (mass - self.log_shell(last - 1)).exp();
        ((mass - self.log_total()).exp(), ratio)
    }

    /// Share of the mass that is estimated to lie outside everything looked at.
    pub fn tail(&self) -> Result<f64, QuadratureError> {
        if self.log_total() == f64::NEG_INFINITY {
            let Region { low, high } = self.region();
            return Err(QuadratureError::NoMass { low, high });
        }
        let (share, ratio) = self.outermost();
        Ok(if share <= NEGLIGIBLE {
            share
        } else if ratio < 1.0 {
            share * ratio / (1.0 - ratio)
        } else {
            f64::INFINITY
        })
    }

    /// Adds shells until the mass beyond the last is negligible.
    pub fn grow<G: Geometry>(
        &mut self,
        energy: &dyn Energy<G>,
        config: &QuadratureConfig,
    ) -> Result<(), QuadratureError> {
        loop {
            let count = self.shells.len();
            if count >= config.min_doublings.max(1) as usize {
                let searched = count >= config.max_doublings as usize;
                match self.tail() {
                    Ok(tail) if tail <= 0.5 * self.tolerance(config) => return Ok(()),
                    Ok(_) if searched => return self.require_fading(config),
                    Err(error) if searched => return Err(error),
                    _ => {}
                }
            }
            let inner = self.region();
            let outer = inner.scaled(2.0);
            // A multiple of four, so that the inner border falls between two cells.
            let across = match outer.width() {
                1 => 16 * config.start,
                _ => (config.start / 2).next_multiple_of(4),
            };
            let shell = shell_regions(&inner, &outer, across)
                .into_iter()
                .map(|(region, cells)| Panel::new(energy, region, cells))
                .collect::<Result<_, _>>()?;
            self.shells.push(shell);
        }
    }

    /// Refuses shells that hardly fade: if the integral is finite at all, the estimate of the tail means nothing.
    pub fn require_fading(&self, config: &QuadratureConfig) -> Result<(), QuadratureError> {
        let (share, ratio) = self.outermost();
        if self.tail()? > 0.5 * self.tolerance(config) && ratio > 0.9 {
            let Region { low, high } = self.region();
            return Err(QuadratureError::NotNormalisable { low, high, share });
        }
        Ok(())
    }
}

/// The boxes that make up `outer` without `inner`, with the cells along each axis for `across` cells over `outer`.
fn shell_regions(inner: &Region, outer: &Region, across: usize) -> Vec<(Region, Vec<usize>)> {
    let side = |low: Vec<f64>, high: Vec<f64>, cells: Vec<usize>| (Region { low, high }, cells);
    let (quarter, half) = (across / 4, across / 2);
    let (a, b, c, d) = (&outer.low, &inner.low, &inner.high, &outer.high);
    match inner.width() {
        1 => vec![side(vec![a[0]], vec![b[0]], vec![quarter]), side(vec![c[0]], vec![d[0]], vec![quarter])],
        _ => vec![
            side(vec![a[0], a[1]], vec![d[0], b[1]], vec![across, quarter]),
            side(vec![a[0], c[1]], vec![d[0], d[1]], vec![across, quarter]),
            side(vec![a[0], b[1]], vec![b[0], c[1]], vec![quarter, half]),
            side(vec![c[0], b[1]], vec![d[0], c[1]], vec![quarter, half]),
        ],
    }
}
