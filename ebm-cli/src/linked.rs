//! The bound crates that this program is built with.

/// Links crates that register bounds. A crate that is a dependency but is never named registers nothing, silently.
macro_rules! link {
    ($($bounds:ident),+ $(,)?) => { $(use $bounds as _;)+ };
}

link!(bounds_sv, bounds_mi, bounds_gp, bounds_diffusion);

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
