//! Splitting the samples of a batch over the cores.

// Where kernels run on a device, few loops on the host are left.
#![cfg_attr(device_kernels, allow(dead_code))]

use rayon::prelude::*;
use std::ops::Range;

/// Work, in multiply-adds, below which waking another thread costs more than it gains.
const WORTH_A_THREAD: usize = 1_500_000;

/// The number of rows a task takes when `rows` rows cost `work` multiply-adds each.
///
/// A function of the problem and the number of threads alone, so that one machine always adds in the same order.
pub(crate) fn rows_a_task(rows: usize, work: usize) -> usize {
    let threads = rayon::current_num_threads();
    let tasks = (rows * work / WORTH_A_THREAD).clamp(1, threads);
    rows.div_ceil(tasks).max(1)
}

/// Number of threads that work is split over. It decides the order of sums, hence the last digits.
pub fn threads() -> usize {
    rayon::current_num_threads()
}

/// Makes this thread one of the pool's. Call it once, first thing in a program.
///
/// Work from a thread outside the pool is handed over to it while that thread sleeps: two context switches an operation,
/// which cost more than a small operation takes. Does nothing if the pool is in use already.
pub fn join_pool() {
    let built = rayon::ThreadPoolBuilder::new().use_current_thread().build_global();
    if let Err(error) = built {
        tracing::debug!("the thread pool was there before: {error}");
    }
}

/// Runs two independent pieces of work, on two cores if the second one is free.
///
/// The result does not depend on where they run.
#[cfg(not(feature = "cuda"))]
pub fn both<A: Send, B: Send>(first: impl FnOnce() -> A + Send, second: impl FnOnce() -> B + Send) -> (A, B) {
    rayon::join(first, second)
}

/// Runs two independent pieces of work one after the other: a CUDA device's handles do not cross threads.
#[cfg(feature = "cuda")]
pub fn both<A, B>(first: impl FnOnce() -> A, second: impl FnOnce() -> B) -> (A, B) {
    let first = first();
    (first, second())
}

/// Runs the tasks, in parallel if there are several.
pub(crate) fn run<T: Send>(mut tasks: Vec<T>, f: impl Fn(T) + Sync + Send) {
    if tasks.len() == 2
        && let (Some(second), Some(first)) = (tasks.pop(), tasks.pop())
    {
        rayon::join(|| f(first), || f(second));
    } else if tasks.len() > 1 {
        tasks.into_par_iter().with_max_len(1).for_each(f);
    } else {
        tasks.into_iter().for_each(f);
    }
}

/// A range of samples, and for each block of rows (primal, tangent 1, ...) the part that belongs to them.
pub(crate) struct Part<'a, T> {
    /// The samples.
    pub samples: Range<usize>,
    /// One slice a block.
    pub blocks: Vec<&'a mut [T]>,
}

/// Splits `[blocks * samples, width]` values by samples, `step` at a time.
pub(crate) fn split<T>(values: &mut [T], samples: usize, width: usize, step: usize) -> Vec<Part<'_, T>> {
    let mut parts: Vec<Part<'_, T>> = (0..samples)
        .step_by(step)
        .map(|start| Part { samples: start..(start + step).min(samples), blocks: Vec::new() })
        .collect();
    if samples * width > 0 {
        for block in values.chunks_mut(samples * width) {
            for (part, rows) in parts.iter_mut().zip(block.chunks_mut(step * width)) {
                part.blocks.push(rows);
            }
        }
    }
    parts
}

/// The elements `range` of every block of `n` values.
pub(crate) fn blocks<'a, T>(values: &'a [T], n: usize, range: &Range<usize>) -> Vec<&'a [T]> {
    values.chunks_exact(n).map(|block| &block[range.clone()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_every_value_once_and_keep_the_rows_of_a_sample_together() {
        // Two blocks of 5 samples of width 2; value = 100 block + 10 sample + column.
        let mut values: Vec<usize> = (0..20).map(|i| 100 * (i / 10) + 10 * (i % 10 / 2) + i % 2).collect();
        let parts = split(&mut values, 5, 2, 3);
        let seen: Vec<(Range<usize>, Vec<Vec<usize>>)> =
            parts.iter().map(|p| (p.samples.clone(), p.blocks.iter().map(|b| b.to_vec()).collect())).collect();
        let first = vec![vec![0, 1, 10, 11, 20, 21], vec![100, 101, 110, 111, 120, 121]];
        let second = vec![vec![30, 31, 40, 41], vec![130, 131, 140, 141]];
        assert_eq!(seen, vec![(0..3, first), (3..5, second)]);
    }
}
