//! The bound crates that this program is built with. A dependency that is never named registers nothing, silently.

use {bounds_diffusion as _, bounds_gp as _, bounds_mi as _, bounds_sv as _};

#[cfg(test)]
mod tests {
    use ebm_core::registry::{self, LowerBoundConfig, Registered, UpperBoundConfig};

    fn names<C: Registered + ?Sized>() -> Vec<&'static str> {
        registry::all::<C>().iter().map(|d| d.name).collect()
    }

    #[test]
    fn every_bound_that_comes_with_the_program_is_registered() {
        assert_eq!(names::<dyn LowerBoundConfig>(), ["mi", "none", "sv"]);
        assert_eq!(names::<dyn UpperBoundConfig>(), ["diffusion", "gp", "none", "wgan-gp", "zero-gp"]);
        registry::check_registry().unwrap();
    }
}
