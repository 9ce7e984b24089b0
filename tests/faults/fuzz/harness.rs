//! The rules that every reader must keep for any input.

use ebm_cli::{Exit, Failure};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use super::mutation::{mutated, noise};
use super::{allocations::counted, dice::Dice};

/// The most that one request for memory may ask for, in bytes. Inputs are below 64 KiB.
const LARGEST_REQUEST: u64 = 16 << 20;
/// The most that all requests for one input may ask for, in bytes.
const MOST_MEMORY: u64 = 256 << 20;
/// Number of inputs of all readers together, where `FUZZ_INPUTS` is not set.
const INPUTS: u64 = 20_000;

pub struct Reader {
    /// Its name, which is that of its folder in the corpus and seeds its inputs.
    pub name: &'static str,
    /// The name of the file it reads, which every error must mention.
    pub file: &'static str,
    /// Inputs that it accepts, to be damaged.
    pub examples: fn() -> Vec<Vec<u8>>,
    /// Words of the format, to be put in odd places; two spaces apart.
    pub words: &'static str,
    /// An input that has the format's structure, with odd content.
    pub generate: fn(&mut Dice) -> Vec<u8>,
    /// Reads the file in this folder.
    pub read: fn(&Path) -> anyhow::Result<()>,
}

/// Reads the examples, the inputs that once found something, and new ones: its share of them, of so many readers.
///
/// # Panics
/// If one of them breaks a rule. It is kept in a file that the message names.
pub fn fuzz(reader: &Reader, readers: u64) {
    let (name, place, examples) = (reader.name, Place::new(reader), (reader.examples)());
    for (index, example) in examples.iter().enumerate() {
        match examine(reader, &place, example) {
            Ok(accepted) => assert!(accepted.is_ok(), "{name} example {index}: {accepted:?}"),
            Err(fault) => panic!("{name} example {index}: {fault}"),
        }
    }
    for path in corpus(name) {
        if let Err(fault) = examine(reader, &place, &fs::read(&path).unwrap()) {
            panic!("{}: {fault}", path.display());
        }
    }
    let inputs = std::env::var("FUZZ_INPUTS").map_or(INPUTS, |text| text.parse().expect("FUZZ_INPUTS is a number"));
    let (mut accepted, mut refused) = (0, 0);
    for number in 0..inputs.div_ceil(readers) {
        let input = input(reader, number, &examples);
        match examine(reader, &place, &input) {
            Ok(Ok(())) => accepted += 1,
            Ok(Err(_)) => refused += 1,
            Err(fault) => {
                let kept = place.keep(number, &input);
                panic!("{name} input {number}: {fault}\nit is kept in {}", kept.display());
            }
        }
    }
    println!("{name}: {accepted} accepted, {refused} refused");
    // Inputs that are all of one kind would test little.
    assert!(accepted > 0 && refused > 0, "{name}: {accepted} accepted, {refused} refused");
}

fn input(reader: &Reader, number: u64, examples: &[Vec<u8>]) -> Vec<u8> {
    let mut dice = Dice::new(reader.name, number);
    match dice.below(20) {
        0 => noise(&mut dice),
        1..=8 => (reader.generate)(&mut dice),
        // Odd content, and damage to it.
        9..=11 => mutated(&mut dice.split(), &[(reader.generate)(&mut dice)], reader.words),
        _ => mutated(&mut dice, examples, reader.words),
    }
}

/// The inputs that once found something.
fn corpus(name: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Returns whether the input was accepted, or how it was refused. The error says which rule does not hold.
fn examine(reader: &Reader, place: &Place, input: &[u8]) -> Result<Result<(), String>, String> {
    place.write(reader.file, input);
    // The message as the user sees it.
    let told = |error| Failure::new(Exit::Other, error).to_string();
    let (read, used) = counted(|| caught(|| (reader.read)(&place.folder).map_err(told)));
    let read = read?;
    if let Err(message) = &read {
        if !message.contains(reader.file) {
            return Err(format!("the error does not name {}: {message:?}", reader.file));
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

fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
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

    fn write(&self, name: &str, input: &[u8]) {
        let path = self.folder.join(name);
        // Some systems flush a file that is cut and written anew to the disk, which takes a hundred times as long. The
        // first time there is no file to remove.
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
        // Files that are left over do no harm.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn what_must_not_happen_is_told() {
    fn faulty(read: fn(&Path) -> anyhow::Result<()>) -> String {
        let reader =
            Reader { name: "faulty", file: "file", examples: Vec::new, words: "", generate: |_| Vec::new(), read };
        examine(&reader, &Place::new(&reader), b"abc").unwrap_err()
    }
    assert_eq!(faulty(|_| panic!("out of range")), "a panic: out of range");
    assert!(faulty(|_| anyhow::bail!("it is bad")).contains("does not name file"));
    let large = |_: &Path| {
        anyhow::ensure!(!std::hint::black_box(vec![0u8; (16 << 20) + 1]).is_empty());
        Ok(())
    };
    assert!(faulty(large).contains("largest: 16777217"));
}
