//! A series of runs, of a comparison or a sweep: the folder they are in, which of them are there already, how they are
//! trained in processes of their own, and how each ended.

mod differences;
mod directory;
mod record;
mod spread;
mod standing;
mod workers;

pub use differences::{Difference, differences, phrase};
pub use directory::{Kind, SeriesDirectory};
pub use record::{End, Record};
pub use spread::{Spread, number};
pub use standing::Standing;
pub use workers::{Event, Said, Task, train_all};
