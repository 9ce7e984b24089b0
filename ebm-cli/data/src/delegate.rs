//! Data sets that change little about another one.

/// The methods of a data set that the one in its field `data` answers.
macro_rules! delegate {
    ($($method:ident)*) => { $($crate::delegate::delegated!($method);)* };
}

macro_rules! delegated {
    (width) => {
        fn width(&self) -> usize {
            self.data.width()
        }
    };
    (draw) => {
        fn draw(&self, n: usize, random: ebm_core::random::Random) -> Vec<ebm_core::device::Real> {
            self.data.draw(n, random)
        }
    };
    (held_out) => {
        fn held_out(&self, n: usize, random: ebm_core::random::Random) -> Vec<ebm_core::device::Real> {
            self.data.held_out(n, random)
        }
    };
    (validation) => {
        fn validation(&self, n: usize, random: ebm_core::random::Random) -> Vec<ebm_core::device::Real> {
            self.data.validation(n, random)
        }
    };
    (standardization) => {
        fn standardization(&self) -> Option<ebm_core::data::Standardization> {
            self.data.standardization()
        }
    };
    // The methods that nothing changes.
    (description) => {
        fn fingerprint(&self) -> Option<ebm_core::data::Fingerprint> {
            self.data.fingerprint()
        }
        fn len(&self) -> Option<usize> {
            self.data.len()
        }
        fn modes(&self) -> Option<ebm_core::data::Modes> {
            self.data.modes()
        }
        fn entropy(&self) -> Option<f64> {
            self.data.entropy()
        }
        fn columns(&self) -> Option<Vec<String>> {
            self.data.columns()
        }
        fn image(&self) -> Option<ebm_core::image::ImageShape> {
            self.data.image()
        }
        fn labelled(
            &self,
            part: ebm_core::image::Part,
            n: usize,
            random: ebm_core::random::Random,
        ) -> Option<ebm_core::image::LabelledImages> {
            self.data.labelled(part, n, random)
        }
        fn notes(&self) -> Vec<String> {
            self.data.notes()
        }
        fn intact(&self) -> Result<(), ebm_core::data::DataError> {
            self.data.intact()
        }
        fn stacked(&self) -> Option<&dyn ebm_core::data::Dataset> {
            self.data.stacked()
        }
    };
}
pub(crate) use {delegate, delegated};
