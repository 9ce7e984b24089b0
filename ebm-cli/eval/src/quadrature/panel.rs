use super::lattice::{Line, mass, node_count};
use super::{QuadratureError, energies::Energies, log_sum::log_mean};
use ebm_train::grid::Region;

/// A box with a grid that can be refined without repeating work, the mass of exp(-E) in it, and how much the last refinement
/// changed that mass.
///
/// The grid is the corners of cells (the trapezoid rule) and their centres (the midpoint rule); their mean is the mass,
/// half their difference the change. A refinement halves the cells and reuses every node: on a line the old corners and
/// centres are the new corners; in the plane they are so together with the midpoints of the edges.
///
/// The change is always that from corners alone to corners with centres. In the plane, the step from there to the corners
/// of the halved cells has the same leading error at the box's border on both sides, and would seem to change nothing.
#[derive(Clone, Debug)]
pub(super) struct Panel {
    region: Region,
    pub(super) cells: Vec<usize>,
    pub(super) log_mass: f64,
    /// log of the mass before the centres were added.
    pub(super) log_mass_before: f64,
    /// The least energy met, in nats.
    pub(super) least_energy: f64,
    pub(super) evaluations: usize,
}

impl Panel {
    /// A panel with `cells` cells along each axis.
    pub(super) fn new(energies: &Energies<'_>, region: Region, cells: Vec<usize>) -> Result<Self, QuadratureError> {
        let mut panel = Self {
            region,
            cells,
            log_mass: f64::NEG_INFINITY,
            log_mass_before: f64::NEG_INFINITY,
            least_energy: f64::INFINITY,
            evaluations: 0,
        };
        let corners = panel.lines([Line::corners, Line::corners]);
        panel.log_mass = panel.evaluate(energies, &corners)?;
        panel.add_centres(energies)?;
        Ok(panel)
    }

    /// Halves the cells.
    pub(super) fn refine(&mut self, energies: &Energies<'_>) -> Result<(), QuadratureError> {
        if let Some([along, across]) = self.edges() {
            let along = self.evaluate(energies, &along)?;
            let across = self.evaluate(energies, &across)?;
            self.log_mass = log_mean(self.log_mass, log_mean(along, across));
        }
        self.cells.iter_mut().for_each(|cells| *cells *= 2);
        self.add_centres(energies)
    }

    /// log of how much the last refinement changed the mass; minus infinity if it did not.
    pub(super) fn log_change(&self) -> f64 {
        let (less, more) = (self.log_mass.min(self.log_mass_before), self.log_mass.max(self.log_mass_before));
        if more == f64::NEG_INFINITY { more } else { more + (-(less - more).exp_m1()).ln() }
    }

    /// log of the mass that the most likely node stands for alone.
    pub(super) fn log_largest_node(&self) -> f64 {
        let sides = self.region.sides();
        let cells: f64 = sides.iter().zip(&self.cells).map(|(side, cells)| (side / *cells as f64).ln()).sum();
        // Corners and centres have half of a cell each.
        cells - self.least_energy - std::f64::consts::LN_2
    }

    /// Energies that the next refinement evaluates.
    pub(super) fn refinement_cost(&self) -> usize {
        let edges = self.edges().map_or(0, |edges| edges.iter().map(|lines| node_count(lines)).sum());
        let centres: usize = self.cells.iter().map(|cells| 2 * cells).product();
        edges + centres
    }

    fn add_centres(&mut self, energies: &Energies<'_>) -> Result<(), QuadratureError> {
        let centres = self.lines([Line::centres, Line::centres]);
        self.log_mass_before = self.log_mass;
        self.log_mass = log_mean(self.log_mass, self.evaluate(energies, &centres)?);
        Ok(())
    }

    /// The midpoints of the cells' edges, if cells have edges.
    fn edges(&self) -> Option<[Vec<Line>; 2]> {
        (self.cells.len() == 2)
            .then(|| [self.lines([Line::centres, Line::corners]), self.lines([Line::corners, Line::centres])])
    }

    fn evaluate(&mut self, energies: &Energies<'_>, lines: &[Line]) -> Result<f64, QuadratureError> {
        self.evaluations += node_count(lines);
        let found = mass(energies, lines)?;
        self.least_energy = self.least_energy.min(found.least_energy);
        Ok(found.log)
    }

    fn lines(&self, rules: [fn(f64, f64, usize) -> Line; 2]) -> Vec<Line> {
        let sides = self.region.low.iter().zip(&self.region.high);
        sides.zip(&self.cells).zip(rules).map(|(((&low, &high), &cells), rule)| rule(low, high, cells)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::device::Real;
    use ebm_train::Cancelled;

    /// The energies of points `[n, D]`, given by a function.
    fn energies(width: usize, energy: impl Fn(&[f64]) -> f64) -> impl Fn(Vec<Real>) -> Result<Vec<Real>, Cancelled> {
        move |points| {
            let points: Vec<f64> = points.into_iter().map(f64::from).collect();
            Ok(points.chunks(width).map(|x| energy(x) as Real).collect())
        }
    }

    #[test]
    fn a_refined_grid_gives_what_a_finer_one_gives_at_once() {
        let region = Region { low: vec![-1.0, -2.0], high: vec![2.0, 1.0] };
        let plane = energies(2, |x| (x[0] - 0.3).powi(2) + (x[1] * x[0]).sin() + x[1].abs());
        let mut refined = Panel::new(&plane, region.clone(), vec![4, 8]).unwrap();
        let cost = refined.evaluations + refined.refinement_cost();
        refined.refine(&plane).unwrap();
        let fine = Panel::new(&plane, region, vec![8, 16]).unwrap();
        assert!((refined.log_mass - fine.log_mass).abs() < 1e-6, "{refined:?} {fine:?}");
        assert!((refined.log_mass_before - fine.log_mass_before).abs() < 1e-6, "{refined:?} {fine:?}");
        assert_eq!((refined.evaluations, refined.evaluations), (fine.evaluations, cost));

        let line = energies(1, |x| (x[0] - 0.3).powi(2));
        let mut refined = Panel::new(&line, Region::cube(1.0, 1), vec![4]).unwrap();
        refined.refine(&line).unwrap();
        let fine = Panel::new(&line, Region::cube(1.0, 1), vec![8]).unwrap();
        assert!((refined.log_mass - fine.log_mass).abs() < 1e-6, "{refined:?} {fine:?}");
        assert_eq!(refined.evaluations, fine.evaluations);
    }
}
