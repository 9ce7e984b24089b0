//! A tape that several tensors share.
//!
//! dfdx's `OwnedTape` moves with one tensor: feeding a tensor to two branches means splitting the tape, and a branch
//! whose tape is dropped loses its gradient silently. [`SharedTape`] is a handle: clones record to the same list.
//! It also knows which part of the system is being trained, so that layers skip what nobody will read.

use dfdx::prelude::*;
use std::cell::RefCell;
use std::ops::BitOr;
use std::rc::Rc;

use crate::buffers;
use crate::buffers::native::{Array, GradientBuffer as _};
use crate::device::{Dev, DevError, PerSample, Real, Scalar};

/// A tensor whose operations are recorded for differentiation.
pub type Taped<S> = Tensor<S, Real, Dev, SharedTape>;

/// The parts of the system that own parameters; a set of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Parts(u8);

impl Parts {
    /// No parameters: only gradients with respect to inputs are wanted.
    pub const NONE: Parts = Parts(0);
    /// The generator.
    pub const GENERATOR: Parts = Parts(1);
    /// The energy.
    pub const ENERGY: Parts = Parts(2);
    /// Networks that belong to the lower bound (trained with the generator).
    pub const LOWER: Parts = Parts(4);
    /// Networks that belong to the upper bound (trained with the energy).
    pub const UPPER: Parts = Parts(8);

    /// Whether every part of `other` is in this set (and `other` is not empty).
    pub fn contains(self, other: Parts) -> bool {
        other.0 != 0 && self.0 & other.0 == other.0
    }
}

impl BitOr for Parts {
    type Output = Parts;
    fn bitor(self, other: Parts) -> Parts {
        Parts(self.0 | other.0)
    }
}

struct Recording {
    operations: OwnedTape<Real, Dev>,
    trains: Parts,
}

enum Node {
    Root(Recording),
    /// This tape was merged into another one.
    Merged(SharedTape),
}

/// A handle to a list of recorded operations; clones share the list, merging two lists joins them.
///
/// A tape made by [`SharedTape::off`] records nothing.
#[derive(Clone)]
pub struct SharedTape(Option<Rc<RefCell<Node>>>);

impl Default for SharedTape {
    /// A recording tape that trains no part. dfdx starts one for a branch that it merges later.
    fn default() -> Self {
        Self::training(Parts::NONE)
    }
}

impl std::fmt::Debug for SharedTape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            None => f.write_str("SharedTape(off)"),
            Some(_) => write!(f, "SharedTape(training {:?})", self.parts()),
        }
    }
}

impl SharedTape {
    /// A tape that records gradients for inputs and for the parameters of `parts`.
    pub fn training(parts: Parts) -> Self {
        let recording = Recording { operations: Default::default(), trains: parts };
        Self(Some(Rc::new(RefCell::new(Node::Root(recording)))))
    }

    /// A tape that records gradients for inputs only: every parameter is a constant.
    pub fn inputs_only() -> Self {
        Self::training(Parts::NONE)
    }

    /// A tape that records nothing: plain evaluation.
    pub fn off() -> Self {
        Self(None)
    }

    /// Whether operations are recorded.
    pub fn is_recording(&self) -> bool {
        self.0.is_some()
    }

    /// Whether parameters of `part` want gradients.
    pub fn trains(&self, part: Parts) -> bool {
        self.parts().contains(part)
    }

    fn parts(&self) -> Parts {
        self.with_root(|recording| recording.trains).unwrap_or(Parts::NONE)
    }

    /// A number on this tape, with no gradient in anything.
    pub fn constant(&self, value: f64) -> Scalar<SharedTape> {
        buffers::tensor(vec![value as Real], ()).put_tape(self.clone())
    }

    /// A tensor on this tape. Its gradient is found under the tensor given.
    pub fn watch<S: Shape>(&self, tensor: &Tensor<S, Real, Dev>) -> Taped<S> {
        tensor.clone().put_tape(self.clone())
    }

    fn root(&self) -> Option<Rc<RefCell<Node>>> {
        let mut current = self.0.clone()?;
        loop {
            let next = match &*current.borrow() {
                Node::Root(_) => None,
                Node::Merged(into) => into.0.clone(),
            };
            match next {
                None => return Some(current),
                Some(node) => current = node,
            }
        }
    }

    fn with_root<R>(&self, f: impl FnOnce(&mut Recording) -> R) -> Option<R> {
        let root = self.root()?;
        match &mut *root.borrow_mut() {
            Node::Root(recording) => Some(f(recording)),
            Node::Merged(_) => unreachable!("root() follows merged tapes to their end"),
        }
    }
}

impl Merge<NoneTape> for SharedTape {
    fn merge(self, _: NoneTape) -> Self {
        self
    }
}

impl Merge<SharedTape> for SharedTape {
    fn merge(self, other: SharedTape) -> Self {
        let (Some(a), Some(b)) = (self.root(), other.root()) else {
            return if self.is_recording() { self } else { other };
        };
        if Rc::ptr_eq(&a, &b) {
            return self;
        }
        let moved = b.replace(Node::Merged(SharedTape(Some(a.clone()))));
        if let (Node::Root(moved), Node::Root(kept)) = (moved, &mut *a.borrow_mut()) {
            let operations = std::mem::take(&mut kept.operations);
            kept.operations = operations.merge(moved.operations);
            kept.trains = kept.trains | moved.trains;
        }
        SharedTape(Some(a))
    }
}

impl dfdx::tensor::Tape<Real, Dev> for SharedTape {
    const OWNS_TAPE: bool = true;
    fn add_backward_op<F>(&mut self, operation: F)
    where
        F: 'static + FnOnce(&mut Gradients<Real, Dev>) -> Result<(), DevError>,
    {
        self.with_root(|recording| recording.operations.add_backward_op(operation));
    }
}

/// Gradients of a scalar with respect to everything that was on its tape.
pub struct GradientMap(Gradients<Real, Dev>);

impl GradientMap {
    /// The gradient with respect to `tensor`; zeros where it played no part.
    pub fn of<S: Shape>(&mut self, tensor: &Tensor<S, Real, Dev>) -> Tensor<S, Real, Dev> {
        self.0.try_alloc_for(tensor).unwrap_or_else(|e| panic!("allocating a gradient: {e}"));
        self.0.get(tensor)
    }

    /// The gradient with respect to a flat tensor, moved out; zeros where it played no part.
    pub fn take(&mut self, tensor: &PerSample) -> Array {
        self.0
            .get_or_alloc_mut(tensor)
            .and_then(|gradient| gradient.take())
            .unwrap_or_else(|e| panic!("reading a gradient: {e}"))
    }
}

/// Runs the recorded operations backwards from a scalar.
///
/// The tape is emptied: operations recorded afterwards start afresh.
pub fn backward(value: Scalar<SharedTape>) -> GradientMap {
    let (value, tape) = value.split_tape();
    let operations = tape.with_root(|recording| std::mem::take(&mut recording.operations)).unwrap_or_default();
    GradientMap(value.put_tape(operations).backward())
}

/// The gradients of `<cotangents, y>`: vector-Jacobian products with everything on the tape of `y`.
pub fn vjp<S: Shape>(y: Taped<S>, cotangents: &Tensor<S, Real, Dev>) -> GradientMap {
    let (y, mut tape) = y.split_tape();
    let cotangents = buffers::native::from_host(cotangents.as_vec());
    tape.add_backward_op(move |gradients| {
        gradients.get_or_alloc_mut(&y)?.update(|g| buffers::native::accumulate(g, &cotangents))
    });
    // The cotangents are what reaches `y`; the scalar only sets the tape going.
    backward(buffers::tensor(vec![0.0], ()).put_tape(tape))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::device;

    fn vector(values: &[Real]) -> PerSample {
        device().tensor_from_vec(values.to_vec(), (values.len(),))
    }

    #[test]
    fn fan_out_adds_the_gradients_of_all_branches() {
        let x = vector(&[2.0, -3.0]);
        let tape = SharedTape::inputs_only();
        let a = tape.watch(&x);
        let loss = (a.clone().square() + a.clone() * 5.0).sum::<Rank0, _>() + a.sum::<Rank0, _>();
        // d/dx (x^2 + 5x + x) = 2x + 6
        assert_eq!(backward(loss).of(&x).as_vec(), vec![10.0, 0.0]);
    }

    #[test]
    fn tapes_started_apart_are_joined_by_the_operation_that_meets_them() {
        let (x, y) = (vector(&[1.5]), vector(&[4.0]));
        let a = SharedTape::training(Parts::ENERGY).watch(&x).square();
        let b = SharedTape::training(Parts::GENERATOR).watch(&y).square();
        let (a_again, product) = (a.clone(), a * b);
        // Recorded on a handle from before the merge: it must still count.
        let loss = product.sum::<Rank0, _>() + a_again.sum::<Rank0, _>();
        let mut gradients = backward(loss);
        // d/dx (x^2 y^2 + x^2) = 2x (y^2 + 1), d/dy = 2 y x^2
        assert_eq!(gradients.of(&x).as_vec(), vec![51.0]);
        assert_eq!(gradients.of(&y).as_vec(), vec![18.0]);
    }

    #[test]
    fn an_off_tape_records_nothing_and_trains_nothing() {
        let off = SharedTape::off();
        assert!(!off.is_recording());
        assert!(!off.trains(Parts::ENERGY));
        assert!(SharedTape::training(Parts::ENERGY).trains(Parts::ENERGY));
        assert!(!SharedTape::training(Parts::ENERGY).trains(Parts::GENERATOR));
        assert!(!SharedTape::inputs_only().trains(Parts::NONE));
    }

    #[test]
    fn what_played_no_part_has_a_zero_gradient() {
        let (x, y) = (vector(&[1.0]), vector(&[1.0, 2.0]));
        let mut gradients = backward(SharedTape::inputs_only().watch(&x).sum());
        assert_eq!(gradients.of(&y).as_vec(), vec![0.0, 0.0]);
    }
}
