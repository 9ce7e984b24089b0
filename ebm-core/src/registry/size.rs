//! The least memory that a component takes, known before it is built.

/// The numbers that decide how large a component is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dimensions {
    /// Number of latent dimensions, `d`.
    pub latent: usize,
    /// Number of data dimensions, `D`.
    pub data: usize,
    /// Number of samples in a batch, `B`.
    pub batch: usize,
}

impl Dimensions {
    /// d, D and B, for products: a float has room for that of any widths.
    pub fn numbers(self) -> [f64; 3] {
        [self.latent, self.data, self.batch].map(|number| number as f64)
    }
}

/// An amount of memory, in numbers of type [`Real`](crate::device::Real).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Amount {
    /// How many numbers.
    pub numbers: f64,
    /// The option that decides how many they are, by its key in the component's table.
    pub option: &'static str,
}

impl Amount {
    /// No memory.
    pub const NONE: Self = Self { numbers: 0.0, option: "" };

    /// So many numbers, because of this option.
    pub const fn new(numbers: f64, option: &'static str) -> Self {
        Self { numbers, option }
    }

    /// The larger one.
    pub fn max(self, other: Self) -> Self {
        if other.numbers > self.numbers { other } else { self }
    }
}

/// The least memory that a component holds while it is trained.
///
/// A configuration that needs more memory than there is is refused before anything is built. What is stated here must be held at
/// once, therefore, or a configuration is refused that would have worked; what is left out is refused by the system.
///
/// ```
/// use ebm_core::registry::{Amount, Dimensions, Size};
///
/// // A layer from D inputs to 3, and the inputs that its gradient is made of.
/// let size = |at: Dimensions| Size::of_network([4.0 * 3.0, 3.0], at.batch, "hidden");
/// let found = size(Dimensions { latent: 2, data: 3, batch: 10 });
/// assert_eq!(found.parameters, Amount::new(12.0, "hidden"));
/// assert_eq!(found.pass.numbers, 30.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// Its trained parameters.
    pub parameters: Amount,
    /// What a pass over a batch keeps until it is differentiated, its inputs included.
    pub pass: Amount,
}

impl Size {
    /// The size of a network with so many trained numbers, of which a pass keeps so many for each sample of a batch.
    pub fn of_network([trained, kept]: [f64; 2], batch: usize, option: &'static str) -> Self {
        Self { parameters: Amount::new(trained, option), pass: Amount::new(kept * batch as f64, option) }
    }
}
