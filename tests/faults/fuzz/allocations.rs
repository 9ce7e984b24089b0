//! Counts the allocations of one thread.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Requests for memory after which a reader is taken to be caught in a loop.
///
/// The largest inputs are 64 KiB and take fewer than a few requests a byte.
const MOST_REQUESTS: u64 = 20_000_000;

/// The allocations between two moments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allocations {
    pub requests: u64,
    /// Bytes of the largest one.
    pub largest: u64,
    /// Bytes of all together, whether they were freed or not.
    pub total: u64,
}

impl Allocations {
    const NONE: Self = Self { requests: 0, largest: 0, total: 0 };
}

thread_local! {
    // Neither is initialised nor dropped at run time: both would allocate.
    static COUNTED: Cell<Option<Allocations>> = const { Cell::new(None) };
}

/// Runs the work, and counts the allocations of this thread meanwhile.
pub fn counted<T>(work: impl FnOnce() -> T) -> (T, Allocations) {
    COUNTED.set(Some(Allocations::NONE));
    let done = work();
    let counted = COUNTED.take().unwrap_or(Allocations::NONE);
    (done, counted)
}

fn count(bytes: usize) {
    let Some(mut counted) = COUNTED.get() else { return };
    counted.requests += 1;
    counted.largest = counted.largest.max(bytes as u64);
    counted.total = counted.total.saturating_add(bytes as u64);
    COUNTED.set(Some(counted));
    if counted.requests > MOST_REQUESTS {
        // An allocator cannot unwind. The input is in its file, as it is after any other end of the process.
        COUNTED.set(None);
        eprintln!("more than {MOST_REQUESTS} requests for memory for one input: a loop without an end?");
        std::process::abort();
    }
}

struct Counting;

// SAFETY: every call is passed on to the system's allocator as it came; counting touches no memory that is handed out.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promises are those that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn the_largest_request_is_seen_and_that_of_other_threads_is_not() {
    let (_, seen) = counted(|| {
        std::thread::scope(|scope| scope.spawn(|| vec![0u8; 1 << 22].len()).join().unwrap());
        std::hint::black_box((vec![0u8; 1 << 16], vec![0u64; 1 << 17]));
    });
    assert_eq!(seen.largest, 1 << 20);
    assert!(seen.requests >= 2 && seen.total >= (1 << 20) + (1 << 16), "{seen:?}");
    assert!(seen.total < 1 << 22, "{seen:?}");
}
