use anyhow::Context;
use serde::Serialize;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::{borrow::Cow, fmt::Display, fs};

use crate::exit::{Exit, Failure, OrExit};
use crate::shown::Shown;
use ebm_train::files::write_atomically;

/// Prints to stdout. A reader that stops early (`ebm bounds list | head -1`) is not an error.
pub fn print(text: &str) -> Result<Exit, Failure> {
    print_to_reader(text).map(|_| Exit::Success)
}

/// Prints to stdout, and says whether the reader is still there. Text may quote a file, which must not control the terminal.
pub fn print_to_reader(text: &str) -> Result<bool, Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(harmless(text).as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        written => written.map(|()| true).or_exit(Exit::Other),
    }
}

/// A text of several lines without what would control the terminal, which is shown escaped.
fn harmless(text: &str) -> Cow<'_, str> {
    let stays = |letter: char| !letter.is_control() || matches!(letter, '\n' | '\t');
    if text.chars().all(stays) {
        return text.into();
    }
    let shown = |letter: char| if stays(letter) { letter.to_string() } else { Shown(letter).to_string() };
    text.chars().map(shown).collect::<String>().into()
}

/// Prints a warning to stderr, on one line.
pub fn warn(text: impl Display) {
    eprintln!("warning: {}", Shown(text));
}

/// Prints a line, unless only errors are to be printed.
pub fn say(quiet: bool, line: &str) -> Result<(), Failure> {
    if !quiet {
        print(&format!("{line}\n"))?;
    }
    Ok(())
}

/// Prints a value as indented JSON.
pub fn print_json(value: &impl Serialize) -> Result<Exit, Failure> {
    let text = serde_json::to_string_pretty(value).or_exit(Exit::Other)?;
    // JSON escapes the first 32 characters by itself; the other control characters would be shown as no JSON has them.
    let escaped = |letter: char| match letter.is_control() && letter != '\n' {
        true => format!("\\u{:04x}", u32::from(letter)),
        false => letter.to_string(),
    };
    print(&format!("{}\n", text.chars().map(escaped).collect::<String>()))
}

/// Prints a value as indented JSON, or as text for people.
pub fn print_either(value: &(impl Serialize + Display), json: bool) -> Result<Exit, Failure> {
    if json { print_json(value) } else { print(&value.to_string()) }
}

/// The folder that a file is in.
pub fn folder_of(file: &Path) -> &Path {
    let parent = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

/// Whether nothing is at a path, or an empty folder.
pub fn is_vacant(path: &Path) -> io::Result<bool> {
    match fs::read_dir(path).map(|mut entries| entries.next().is_none()) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotADirectory => Ok(false),
        vacant => vacant,
    }
}

/// Writes a new or empty folder completely or not at all: `fill` writes one beside it first, which then gets its name.
pub fn write_folder(folder: &Path, fill: impl FnOnce(&Path) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let beside = tempfile::Builder::new().prefix(".ebm").tempdir_in(folder_of(folder))?;
    // A temporary folder is for its owner alone, one in it for whom the user lets read.
    let whole = beside.path().join("whole");
    fs::create_dir(&whole)?;
    fill(&whole)?;
    // An empty folder may be there; one that has been filled meanwhile is not removed.
    if folder.exists() {
        fs::remove_dir(folder)?;
    }
    Ok(fs::rename(&whole, folder)?)
}

/// Writes the file that a user named: `write` gets the path to write to.
///
/// A link is followed to the file that it names. What is no regular file, a device or a pipe, is written through: `write` gets a
/// temporary file of the same name, whose bytes are copied.
pub fn write_named<T>(path: &Path, write: impl FnOnce(&Path) -> anyhow::Result<T>) -> anyhow::Result<T> {
    if !is_written_through(path) {
        return write(&end_of_links(path)?);
    }
    let folder = tempfile::tempdir()?;
    let copied = folder.path().join(path.file_name().unwrap_or("output".as_ref()));
    let written = write(&copied)?;
    let through = || -> io::Result<u64> {
        io::copy(&mut fs::File::open(&copied)?, &mut fs::OpenOptions::new().write(true).open(path)?)
    };
    through().with_context(|| format!("{}: cannot write to it", path.display()))?;
    Ok(written)
}

/// Whether a path is no place for a file of one's own. Through /dev/stdout may be a file, but then the shell holds it open.
fn is_written_through(path: &Path) -> bool {
    let open = ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"].iter().any(|place| path.starts_with(place));
    open || fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// The path that a chain of links ends at, whether or not something is there.
fn end_of_links(path: &Path) -> io::Result<PathBuf> {
    // As many as Linux follows.
    const MOST: usize = 40;
    let mut path = path.to_path_buf();
    for _ in 0..MOST {
        match fs::read_link(&path) {
            Ok(target) => path = folder_of(&path).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::new(ErrorKind::InvalidInput, "too many links, one to the next"))
}

/// Writes a file that a user named completely, or leaves what was there.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let written = write_named(path, |path| Ok(write_atomically(path, |file| file.write_all(bytes))?));
    written.with_context(|| format!("{}: cannot write the file", path.display())).or_exit(Exit::Other)
}
