use ebm_core::device::{Matrix, Real};
use ebm_core::kernels::confine::confine;
use ebm_core::module;
use ebm_core::network::{Network, NetworkOptions};
use ebm_core::parameter::Module;
use ebm_core::random::Random;
use ebm_core::tape::{Parts, SharedTape};

/// A learned quadratic form, `q/2 ||A x + b||^2`.
pub(super) struct QuadraticForm {
    map: Network,
    weight: Real,
}

module!([] QuadraticForm: map);

impl QuadraticForm {
    /// The form with A the identity of `width` dimensions and b = 0; none of weight 0.
    pub fn of(width: usize, weight: f64, random: Random) -> Option<Self> {
        if weight == 0.0 {
            return None;
        }
        let options =
            NetworkOptions { prefix: "quadratic.", ..NetworkOptions::plain(width, &[], width, Parts::ENERGY) };
        let mut map = Network::new(&options, random);
        for p in map.parameters_mut() {
            let identity = |index| if p.shape().len() == 2 && index % (width + 1) == 0 { 1.0 } else { 0.0 };
            let values: Vec<Real> = (0..p.len()).map(identity).collect();
            p.set(&values);
        }
        Some(Self { map, weight: weight as Real })
    }

    /// `y` `[rows, 1]` with the form of `x` `[rows, D]` added, for values and tangents; the first `primal` rows are values.
    pub fn added(
        &self,
        y: Matrix<SharedTape>,
        x: Matrix<SharedTape>,
        primal: usize,
        tape: &SharedTape,
    ) -> Matrix<SharedTape> {
        confine(y, self.map.apply(x, primal, tape), primal, self.weight)
    }
}
