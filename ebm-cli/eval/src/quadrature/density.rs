use super::{QuadratureError, energies, partition::check_region};
use ebm_core::{device::Real, geometry::Geometry, models::Energy};
use ebm_train::grid::Region;

/// `-E(x) - log_z` in nats at the centres of `n` x `n` cells of a box in the plane.
///
/// Row-major; the first row is the one with the *largest* second coordinate, so that the values read like the pixels of
/// a picture. With `log_z` = 0 the values are the negated energy.
///
/// # Errors
/// If the energy is not of two dimensions or the box is none.
pub fn log_density_grid<G: Geometry>(
    energy: &dyn Energy<G>,
    region: &Region,
    n: usize,
    log_z: f64,
) -> Result<Vec<f64>, QuadratureError> {
    let width = energy.geometry().data_width();
    if width != 2 {
        return Err(QuadratureError::Dimensions { width });
    }
    check_region(region, width)?;
    let sides = region.sides();
    let centre = |index: usize| (index as f64 + 0.5) / n as f64;
    let points: Vec<Real> = (0..n * n)
        .flat_map(|flat| {
            let (row, column) = (flat / n, flat % n);
            [(region.low[0] + sides[0] * centre(column)) as Real, (region.high[1] - sides[1] * centre(row)) as Real]
        })
        .collect();
    Ok(energies(energy, &points).into_iter().map(|e| -f64::from(e) - log_z).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_energy::FunctionEnergy;

    #[test]
    fn rows_go_down_and_columns_go_right() {
        let energy = FunctionEnergy::new(2, |x| x[0] + 100.0 * x[1]);
        let region = Region { low: vec![0.0, 10.0], high: vec![2.0, 12.0] };
        let grid = log_density_grid(&energy, &region, 2, 1.0).unwrap();
        // Centres (0.5, 11.5), (1.5, 11.5), then (0.5, 10.5), (1.5, 10.5).
        assert_eq!(grid, [-1151.5, -1152.5, -1051.5, -1052.5]);
    }

    #[test]
    fn a_line_has_no_picture() {
        let energy = FunctionEnergy::new(1, |x| x[0]);
        let found = log_density_grid(&energy, &Region::cube(1.0, 1), 4, 0.0);
        assert_eq!(found, Err(QuadratureError::Dimensions { width: 1 }));
    }
}
