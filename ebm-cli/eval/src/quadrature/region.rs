//! Boxes that can be integrated over.

use ebm_train::grid::Region;

use super::QuadratureError;

/// Refuses a box that cannot be integrated over in `width` dimensions, and more than two dimensions.
pub(super) fn check_region(region: &Region, width: usize) -> Result<(), QuadratureError> {
    if !(1..=2).contains(&width) {
        return Err(QuadratureError::Dimensions { width });
    }
    let good = region.low.len() == width
        && region.high.len() == width
        && region.sides().iter().all(|side| side.is_finite() && *side > 0.0);
    if good {
        Ok(())
    } else {
        Err(QuadratureError::Region { low: region.low.clone(), high: region.high.clone(), width })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_that_cannot_be_integrated_over_are_refused() {
        let region = Region::cube(1.0, 2);
        assert_eq!(check_region(&region, 2), Ok(()));
        assert_eq!(check_region(&Region::cube(1.0, 3), 3), Err(QuadratureError::Dimensions { width: 3 }));
        for bad in [Region::cube(0.0, 2), Region::cube(f64::NAN, 2), Region::cube(1.0, 1)] {
            assert!(matches!(check_region(&bad, 2), Err(QuadratureError::Region { width: 2, .. })), "{bad:?}");
        }
    }
}
