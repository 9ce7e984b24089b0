//! Temporary files of processes that were killed while they wrote to a run.

use std::{fs, path::Path};

use super::layout;

/// Removes the temporary files that processes left in a run's directory and are no more. It takes a process that holds the lock.
pub fn sweep(directory: &Path) {
    for (folder, of_run) in [("", true), (layout::WEIGHTS, false), (layout::PICTURES, false)] {
        let folder = directory.join(folder);
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let Some((written, process)) = name.to_str().and_then(parts) else { continue };
            // In the directory itself users keep files of their own, which may be being written.
            let is_own = !of_run || layout::FILES.contains(&written) || written == layout::LOCK;
            if is_own && !lives(process) {
                // It does no harm: a file that cannot be removed stays.
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// The name of the file to be written by the temporary file `.NAME.PROCESS.tmp`, and the process.
fn parts(name: &str) -> Option<(&str, u32)> {
    let (name, process) = name.strip_prefix('.')?.strip_suffix(".tmp")?.rsplit_once('.')?;
    Some((name, process.parse().ok()?))
}

/// Whether a process of this number lives on this machine. This one has not written anything yet: its number was another's.
#[cfg(unix)]
fn lives(process: u32) -> bool {
    use rustix::process::{Pid, test_kill_process};
    let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
    let found = |pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH);
    process != std::process::id() && pid.is_some_and(found)
}

#[cfg(not(unix))]
fn lives(process: u32) -> bool {
    process != std::process::id()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_the_dead_left_goes_and_files_of_the_living_and_of_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(layout::WEIGHTS)).unwrap();
        let mut dead = std::process::Command::new("true").spawn().unwrap();
        let (dead, living) = (dead.wait().map(|_| dead.id()).unwrap(), std::os::unix::process::parent_id());
        let names = |process| {
            let [config, energy] = [".config.toml", "weights/.energy.safetensors"];
            [format!("{config}.{process}.tmp"), format!("{energy}.{process}.tmp")]
        };
        let stay = [format!(".thesis.tex.{dead}.tmp"), ".config.toml.old.tmp".into(), "config.toml".into()];
        let all = [&names(dead)[..], &names(living), &stay].concat();
        all.iter().for_each(|name| fs::write(folder.path().join(name), "").unwrap());
        sweep(folder.path());
        let left: Vec<_> = all.into_iter().filter(|name| folder.path().join(name).exists()).collect();
        assert_eq!(left, [&names(living)[..], &stay].concat());
    }
}
