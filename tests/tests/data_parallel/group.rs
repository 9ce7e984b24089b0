//! Ranks that are threads.

use ebm_train::process_group::{ProcessGroup, Threads};
use std::sync::Arc;

/// What each of `ranks` threads makes of its rank, in order. Each has a thread pool of its own: in one that all share, ranks
/// that wait for others could leave those no thread.
pub fn on_each<T: Send>(ranks: usize, work: impl Fn(Arc<dyn ProcessGroup>) -> T + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let work = &work;
        let start = |rank| {
            scope.spawn(move || {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
                pool.install(|| work(Arc::new(rank)))
            })
        };
        let threads: Vec<_> = Threads::group(ranks).into_iter().map(start).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}
