//! A zero-copy view of a tensor's storage.
//!
//! dfdx keeps the storage of a tensor private; its public interface only copies. The place of the storage pointer
//! inside `Tensor` is found by experiment, once for each tensor type, and checked against an address that is known.
//! Where the check fails, callers copy instead.

#![allow(unsafe_code)]

use dfdx::prelude::*;
use std::any::TypeId;
use std::cell::RefCell;
use std::mem::{ManuallyDrop, align_of, size_of};
use std::sync::Arc;

#[cfg(feature = "cuda")]
use cudarc::driver::DeviceSlice as _;

use crate::device::{Dev, Real, device};

type Buffer = <Dev as Storage<Real>>::Vec;

const WORD: usize = size_of::<usize>();

thread_local! {
    /// The offset that the experiment found, by tensor type: a handful of entries, so a list beats a map.
    static OFFSETS: RefCell<Vec<(TypeId, Option<usize>)>> = const { RefCell::new(Vec::new()) };
}

/// The storage of a tensor, or `None` where the layout could not be verified or the tensor is not contiguous.
pub(super) fn view<S: Shape>(tensor: &Tensor<S, Real, Dev>) -> Option<&Buffer> {
    let offset = offset_of_storage::<S>(tensor)?;
    let storage = storage_at(tensor, offset);
    // dfdx shows no strides, but `contiguous` returns the same storage just where they are the plain ones.
    let contiguous = tensor.clone().contiguous();
    let same = std::ptr::eq(storage, storage_at(&contiguous, offset));
    (same && storage.len() == tensor.shape().num_elements()).then_some(storage)
}

/// The storage of a contiguous tensor, to be written; one that is shared with other tensors is copied first. `None` where the
/// layout could not be verified.
#[cfg(device_kernels)]
pub(super) fn view_mut<S: Shape>(tensor: &mut Tensor<S, Real, Dev>) -> Option<&mut Buffer> {
    let offset = offset_of_storage::<S>(tensor)?;
    // SAFETY: as in `storage_at`, this tensor type holds an `Arc<Buffer>` at this word. The tensor is borrowed for writing, so
    // nobody else uses this handle, and `make_mut` sees to the others.
    let storage = unsafe {
        let words = std::ptr::from_mut(tensor).cast::<usize>();
        &mut *words.add(offset).cast::<Arc<Buffer>>()
    };
    Some(Arc::make_mut(storage))
}

/// The storage that word `offset` of a tensor leads to; `offset` comes from [`offset_of_storage`].
fn storage_at<S: Shape>(tensor: &Tensor<S, Real, Dev>, offset: usize) -> &Buffer {
    // SAFETY: `offset_of_storage` verified that this tensor type holds an `Arc<Buffer>` at this word: it followed the
    // word to the storage of a tensor whose address it knew. All values of one type share one layout. The `Arc` lives
    // as long as the borrow of `tensor`, and dfdx never mutates storage that is shared or borrowed.
    unsafe {
        let words = std::ptr::from_ref(tensor).cast::<usize>();
        &*words.add(offset).cast::<Arc<Buffer>>()
    }
}

fn offset_of_storage<S: Shape>(tensor: &Tensor<S, Real, Dev>) -> Option<usize> {
    let key = TypeId::of::<Tensor<S, Real, Dev>>();
    OFFSETS.with_borrow_mut(|known| {
        if let Some((_, found)) = known.iter().find(|(id, _)| *id == key) {
            return *found;
        }
        // Nothing can be learned from an empty tensor, and later ones of its type need not be empty.
        if tensor.shape().num_elements() == 0 {
            return None;
        }
        let found = experiment::<S>(tensor.shape());
        known.push((key, found));
        found
    })
}

/// Makes two tensors of known storage address and looks for the word that leads there.
fn experiment<S: Shape>(shape: &S) -> Option<usize> {
    type T<S> = Tensor<S, Real, Dev>;
    let words = size_of::<T<S>>() / WORD;
    // Identifier and storage are one word each, and the device is handles, one word each, too; shape and strides take the
    // rest. If the struct were anything but whole words it could hold padding, which must not be read.
    let expected = 2 * WORD + HANDLES * WORD + size_of::<S>() + size_of::<S::Concrete>();
    if size_of::<T<S>>() != expected || align_of::<T<S>>() != WORD {
        return None;
    }
    let count = shape.num_elements();
    let (first, second): (Vec<Real>, _) = ((0..count).map(mark).collect(), vec![Real::default(); count]);
    #[cfg(not(feature = "cuda"))]
    let address = first.as_ptr();
    let a = device().tensor_from_vec(first, *shape);
    let b = device().tensor_from_vec(second, *shape);
    let word = |tensor: &T<S>, index: usize| {
        // SAFETY: `index < words`, the struct is `words` initialised words without padding (checked above).
        unsafe { *std::ptr::from_ref(tensor).cast::<usize>().add(index) }
    };
    // Of the words that differ between the two tensors, one is a small running number and one is an address.
    let offset = (0..words).filter(|&index| word(&a, index) != word(&b, index)).max_by_key(|&index| word(&a, index))?;
    if word(&a, offset) <= u32::MAX as usize || word(&a, offset) % WORD != 0 {
        return None;
    }
    // SAFETY: the word is an aligned address above the range of identifiers, it differs between two tensors that share
    // their device, so it is the storage's `Arc`; `ManuallyDrop` leaves the reference count alone. What it leads to is
    // compared with what the storage is known to be before anything relies on it.
    let storage = unsafe {
        std::ptr::read(std::ptr::from_ref(&a).cast::<usize>().add(offset).cast::<ManuallyDrop<Arc<Buffer>>>())
    };
    let verified = storage.len() == count && Arc::strong_count(&storage) == 1;
    #[cfg(not(feature = "cuda"))]
    let verified = verified && storage.as_ptr() == address;
    #[cfg(feature = "cuda")]
    let verified = verified && {
        let held = storage.device().dtoh_sync_copy(&storage);
        held.is_ok_and(|held| held.iter().copied().eq((0..count).map(mark)))
    };
    verified.then_some(offset)
}

/// Handles that a device is: its generator and its cache on the CPU; on CUDA these, the driver, cuBLAS, a second stream, a
/// workspace and another cache.
const HANDLES: usize = if cfg!(feature = "cuda") { 7 } else { 2 };

/// The value of the experiment's tensor at `index`.
fn mark(index: usize) -> Real {
    (1 + index % 1021) as Real
}

#[cfg(all(test, not(feature = "cuda")))]
mod tests {
    use super::*;

    fn view<S: Shape>(tensor: &Tensor<S, Real, Cpu>) -> Option<&[Real]> {
        super::view(tensor).map(|storage| storage.as_slice())
    }

    fn check<S: Shape>(shape: S) {
        let n = shape.num_elements();
        let values: Vec<Real> = (0..n).map(|i| i as Real * 0.5 - 1.0).collect();
        let tensor = device().tensor_from_vec(values.clone(), shape);
        // Not merely equal: the view must have been found, or every kernel silently copies.
        assert_eq!(view(&tensor), Some(&values[..]));
        assert_eq!(view(&tensor.clone()), Some(&values[..]));
    }

    #[test]
    fn the_view_shows_the_values_for_every_kind_of_shape_in_use() {
        check((3usize, 5usize));
        check((7usize,));
        check((4usize, Const::<2>));
        check((Const::<2>, Const::<3>));
        check(());
    }

    #[test]
    fn a_tensor_that_is_not_contiguous_has_no_view() {
        let column: Tensor<(usize,), Real, Cpu> = device().tensor_from_vec(vec![1.0, 2.0], (2,));
        let wide: Tensor<(usize, usize), Real, Cpu> = column.broadcast_like::<_, Axis<1>>(&(2usize, 3usize));
        assert_eq!(view(&wide), None);
        let square: Tensor<Rank2<2, 2>, Real, Cpu> = device().tensor([[1.0, 2.0], [3.0, 4.0]]);
        assert!(view(&square).is_some());
        let transposed: Tensor<Rank2<2, 2>, Real, Cpu> = square.permute::<_, Axes2<1, 0>>();
        assert_eq!(view(&transposed), None);
    }

    #[test]
    fn an_empty_first_tensor_does_not_spoil_later_views() {
        let empty: Tensor<(Const<1>, usize), Real, Cpu> = device().tensor_from_vec(vec![], (Const, 0));
        assert_eq!(view(&empty), None);
        check((Const::<1>, 3usize));
        check((2usize, 2usize));
    }

    #[cfg(device_kernels)]
    #[test]
    fn what_is_written_through_a_view_is_not_seen_by_others() {
        let mut tensor = device().tensor_from_vec(vec![1.0, 2.0], (2usize,));
        let before = tensor.clone();
        view_mut(&mut tensor).unwrap()[0] = 7.0;
        view_mut(&mut tensor).unwrap()[1] = 8.0;
        assert_eq!((tensor.as_vec(), before.as_vec()), (vec![7.0, 8.0], vec![1.0, 2.0]));
    }
}
