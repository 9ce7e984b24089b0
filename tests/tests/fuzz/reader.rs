//! What must hold when a reader is given an input.

use ebm_cli::Failure;
use std::cell::Cell;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Once;

use super::allocations::counted;
use super::dice::Dice;
use super::mutation::{mutated, noise};

/// The most that one request for memory may ask for, in bytes. Inputs are below 64 KiB.
const LARGEST_REQUEST: u64 = 16 << 20;
/// The most that all requests for one input may ask for, in bytes.
const MOST_MEMORY: u64 = 256 << 20;
/// Inputs of all readers together, where `FUZZ_INPUTS` says nothing.
const INPUTS: u64 = 20_000;

/// A reader of bytes from outside.
pub struct Reader {
    /// Its name: that of its folder in the corpus, and what its inputs are drawn from.
    pub name: &'static str,
    /// The name of the file it reads, which every error must tell.
    pub file: &'static str,
    /// Inputs that it accepts, to be damaged.
    pub examples: fn() -> Vec<Vec<u8>>,
    /// What the format is made of, to be put in odd places.
    pub words: &'static [&'static str],
    /// An input that has the format's structure, with odd content.
    pub generate: fn(&mut Dice) -> Vec<u8>,
    /// Reads the file in this folder; the error as the user is told it.
    pub read: fn(&Path) -> Result<(), Failure>,
}

/// How many inputs were accepted, and how many refused.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    accepted: u64,
    refused: u64,
}

impl Reader {
    /// Reads the examples, the inputs that once found something, and new ones.
    ///
    /// # Panics
    /// If one of them breaks what must hold. It is kept in a file that the message names.
    pub fn fuzz(&self, readers: u64) {
        let place = Place::new(self);
        for (index, example) in (self.examples)().iter().enumerate() {
            match self.examine(&place, example) {
                Ok(accepted) => assert!(accepted.is_ok(), "{} example {index}: {accepted:?}", self.name),
                Err(fault) => panic!("{} example {index}: {fault}", self.name),
            }
        }
        for path in self.corpus() {
            if let Err(fault) = self.examine(&place, &fs::read(&path).unwrap()) {
                panic!("{}: {fault}", path.display());
            }
        }
        let inputs = inputs();
        let examples = (self.examples)();
        let mut counts = Counts::default();
        for number in 0..inputs.div_ceil(readers) {
            let input = self.input(number, &examples);
            match self.examine(&place, &input) {
                Ok(Ok(())) => counts.accepted += 1,
                Ok(Err(_)) => counts.refused += 1,
                Err(fault) => {
                    let kept = place.keep(number, &input);
                    panic!(
                        "{} input {number}: {fault}\nit is kept in {}",
                        self.name,
                        kept.display()
                    );
                }
            }
        }
        println!(
            "{}: {} accepted, {} refused",
            self.name, counts.accepted, counts.refused
        );
        // Inputs that are all of one kind would test little.
        assert!(counts.accepted > 0 && counts.refused > 0, "{}: {counts:?}", self.name);
    }

    /// The input of a number.
    fn input(&self, number: u64, examples: &[Vec<u8>]) -> Vec<u8> {
        let mut dice = Dice::new(self.name, number);
        match dice.below(20) {
            0 => noise(&mut dice),
            1..=8 => (self.generate)(&mut dice),
            // Odd content, and damage to it.
            9..=11 => mutated(&mut dice.split(), &[(self.generate)(&mut dice)], self.words),
            _ => mutated(&mut dice, examples, self.words),
        }
    }

    /// The inputs that once found something.
    fn corpus(&self) -> Vec<PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(self.name);
        let Ok(entries) = fs::read_dir(folder) else {
            return Vec::new();
        };
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    }

    /// Whether the input was accepted, or how it was refused. The error says what does not hold.
    fn examine(&self, place: &Place, input: &[u8]) -> Result<Result<(), String>, String> {
        place.write(self.file, input);
        let (read, used) = counted(|| quietly(|| (self.read)(&place.folder).map_err(|failure| failure.to_string())));
        let read = read?;
        if let Err(message) = &read {
            if !message.contains(self.file) {
                return Err(format!("the error does not name {}: {message:?}", self.file));
            }
            // Neither may it move the cursor of a terminal.
            if message.contains(char::is_control) {
                return Err(format!("the error is not one line of plain text: {message:?}"));
            }
        }
        if used.largest > LARGEST_REQUEST || used.total > MOST_MEMORY {
            return Err(format!("{} bytes of input: {used:?}", input.len()));
        }
        Ok(read)
    }
}

/// Inputs of all readers together.
fn inputs() -> u64 {
    std::env::var("FUZZ_INPUTS").map_or(INPUTS, |text| text.parse().expect("FUZZ_INPUTS is a number"))
}

/// Turns a panic into an error, and prints nothing about it.
fn quietly<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    thread_local! {
        static QUIET: Cell<bool> = const { Cell::new(false) };
    }
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                before(info);
            }
        }));
    });
    QUIET.set(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    QUIET.set(false);
    done.map_err(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        format!("a panic: {}", text.unwrap_or("of no known type"))
    })
}

/// A folder for the input at hand. It outlives a process that ends in the middle, with the input that ended it.
struct Place {
    folder: PathBuf,
}

impl Place {
    fn new(reader: &Reader) -> Self {
        let name = format!("{}-{}", reader.name, std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz").join(name);
        fs::create_dir_all(&folder).unwrap();
        Self { folder }
    }

    /// Writes the input at hand.
    fn write(&self, name: &str, input: &[u8]) {
        let path = self.folder.join(name);
        // Some systems flush a file that is cut and written anew to the disk, which takes a hundred times as long. The
        // first time there is none to remove.
        let _ = fs::remove_file(&path);
        fs::write(path, input).unwrap();
    }

    fn keep(&self, number: u64, input: &[u8]) -> PathBuf {
        let path = self.folder.with_extension(format!("input-{number}"));
        fs::write(&path, input).unwrap();
        path
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What is left over does no harm.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_cli::Exit;

    fn refused(message: &str) -> Result<(), Failure> {
        Err(Failure::message(Exit::Other, message))
    }

    fn faulty(read: fn(&Path) -> Result<(), Failure>) -> String {
        let reader = Reader {
            name: "faulty",
            file: "file",
            examples: Vec::new,
            words: &[],
            generate: |_| Vec::new(),
            read,
        };
        reader.examine(&Place::new(&reader), b"abc").unwrap_err()
    }

    #[test]
    fn what_must_not_happen_is_told() {
        assert_eq!(faulty(|_| panic!("out of range")), "a panic: out of range");
        assert!(faulty(|_| refused("it is bad")).contains("does not name file"));
        let large = |_: &Path| match std::hint::black_box(vec![0u8; (16 << 20) + 1]).is_empty() {
            true => refused("file"),
            false => Ok(()),
        };
        assert!(faulty(large).contains("largest: 16777217"));
    }
}
