use crate::delegate::delegate;
use ebm_core::{data::Dataset, device::Real, random::Random};
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

/// A data set whose next batch is drawn by another thread while the step runs.
///
/// A draw is a function of its number and place, so what is drawn ahead is what would have been drawn, to the last bit: a
/// draw that was not foreseen is made at once.
pub struct Prefetched {
    data: Arc<dyn Dataset>,
    state: Mutex<State>,
}

/// Draws that are remembered, since others come in between.
const RECENT: usize = 4;

#[derive(Default)]
struct State {
    recent: Vec<Draw>,
    next: Option<(Draw, JoinHandle<Vec<Real>>)>,
}

impl State {
    /// Remembers a draw; whether it follows one that is remembered, in whose place it then is.
    fn follows(&mut self, draw: Draw) -> bool {
        let before = self.recent.iter().position(|recent| recent.next() == Some(draw));
        match before {
            Some(index) => self.recent[index] = draw,
            None if self.recent.contains(&draw) => {}
            None => {
                if self.recent.len() >= RECENT {
                    self.recent.remove(0);
                }
                self.recent.push(draw);
            }
        }
        before.is_some()
    }
}

/// A draw: its size and its place in the random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Draw {
    number: usize,
    random: Random,
}

impl Draw {
    fn next(self) -> Option<Self> {
        let step = self.random.step().checked_add(1)?;
        Some(Self { random: self.random.at(step), ..self })
    }
}

impl Prefetched {
    /// Draws ahead from `data`.
    pub fn new(data: Arc<dyn Dataset>) -> Self {
        Self { data, state: Mutex::default() }
    }

    /// Starts the draw after this one.
    fn foresee(&self, draw: Draw) -> Option<(Draw, JoinHandle<Vec<Real>>)> {
        let next = draw.next()?;
        let data = self.data.clone();
        let work = move || data.draw(next.number, next.random);
        // Without a thread the next draw is made when it is asked for.
        let thread = Builder::new().name("next batch".into()).spawn(work).ok()?;
        Some((next, thread))
    }
}

impl Dataset for Prefetched {
    delegate!(width held_out validation standardization description);

    /// Returns what the data set itself draws.
    ///
    /// # Panics
    /// If drawing panics, also where another thread did it.
    fn draw(&self, number: usize, random: Random) -> Vec<Real> {
        let draw = Draw { number, random };
        // A panic of an earlier draw leaves nothing half done.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let foreseen = state.next.take_if(|(next, _)| *next == draw);
        // A single draw, such as one for an evaluation, foretells nothing and ends no sequence.
        let follows = state.follows(draw) || foreseen.is_some();
        let values = match foreseen {
            Some((_, thread)) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            None => self.data.draw(number, random),
        };
        if follows {
            state.next = self.foresee(draw);
        }
        values
    }
}

impl Drop for Prefetched {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, thread)) = state.next.take() {
            // Nobody asked for it.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Normal values that count how often they are drawn by another thread than the test's, and end at a step.
    struct Counted {
        main: std::thread::ThreadId,
        ahead: Arc<AtomicUsize>,
        ends: u64,
    }

    impl Dataset for Counted {
        fn width(&self) -> usize {
            1
        }
        fn draw(&self, n: usize, random: Random) -> Vec<Real> {
            assert!(random.step() < self.ends, "nothing is left at step {}", self.ends);
            if std::thread::current().id() != self.main {
                self.ahead.fetch_add(1, Ordering::SeqCst);
            }
            random.normals(n)
        }
        fn held_out(&self, n: usize, random: Random) -> Vec<Real> {
            random.stream("held-out").normals(n)
        }
    }

    fn counted(ends: u64) -> (Prefetched, Arc<AtomicUsize>) {
        let ahead = Arc::new(AtomicUsize::new(0));
        let data = Counted { main: std::thread::current().id(), ahead: ahead.clone(), ends };
        (Prefetched::new(Arc::new(data)), ahead)
    }

    #[test]
    fn what_is_drawn_ahead_is_what_would_have_been_drawn() {
        let (data, ahead) = counted(u64::MAX);
        let place = Random::new(1).stream("data");
        for step in 0..20 {
            assert_eq!(data.draw(8, place.at(step)), place.at(step).normals(8));
        }
        // Another size, another stream, a step back: none was foreseen.
        for (n, random) in [(9, place.at(20)), (8, place.stream("x").at(20)), (8, place.at(3))] {
            assert_eq!(data.draw(n, random), random.normals(n));
        }
        drop(data);
        // From the second step on: steps 2 to 20, the last of which nobody asked for.
        assert_eq!(ahead.load(Ordering::SeqCst), 19);
    }

    #[test]
    fn a_single_draw_foretells_nothing_and_does_not_end_the_sequence() {
        let (data, ahead) = counted(u64::MAX);
        let place = Random::new(1).stream("data");
        data.draw(1000, place.stream("box"));
        for step in 5..10 {
            data.draw(8, place.at(step));
            data.draw(1000, place.stream("box"));
        }
        drop(data);
        // Steps 7 to 10.
        assert_eq!(ahead.load(Ordering::SeqCst), 4);
    }

    #[test]
    fn a_panic_of_the_other_thread_is_not_lost() {
        let (data, _) = counted(4);
        let place = Random::new(1).stream("data");
        (0..4).for_each(|step| drop(data.draw(8, place.at(step))));
        let draw = std::panic::AssertUnwindSafe(|| data.draw(8, place.at(4)));
        let panic = std::panic::catch_unwind(draw).unwrap_err();
        let text = panic.downcast_ref::<String>().unwrap();
        assert_eq!(text, "nothing is left at step 4");
    }
}
