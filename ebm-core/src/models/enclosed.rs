use crate::kernels::enclosure::{Boxes, Enclosure};

/// An energy whose values over boxes can be proved: what a certified log Z is made of.
pub trait EnclosedEnergy: Send + Sync {
    /// E over each of the boxes, one function, in nats.
    fn over(&self, boxes: &Boxes) -> Enclosure;

    /// Multiply-adds that a box takes, roughly and without the terms of polynomials: the number of a network's weights.
    fn work(&self) -> usize {
        1
    }

    /// How E grows.
    fn growth(&self) -> Growth;
}

/// `E(x) >= E(0) + curvature/2 ||x||^2 - slope ||x||` for all x.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// In nats per square unit; not negative.
    pub curvature: f64,
    /// In nats per unit; not negative.
    pub slope: f64,
}
