//! The checkpoints of a run: all that it needs to go on exactly where it was, in folders that are whole or not there.

use ebm_eval::metric::direction;
use ebm_train::{TrainingState, state_file};
use std::path::{Path, PathBuf};
use std::{collections::BTreeMap, fs};

use super::checksum::with_checksum;
use super::manifest::{Digest, MANIFEST, Manifest, Watched};
use super::{RunDirectoryError, durable, json_text, layout, own};

/// Prefix of the name of a checkpoint that is being written or removed.
const UNFINISHED: &str = ".unfinished-";
/// The name, after that prefix, of a checkpoint whose place is taken by a new one.
const REPLACED: &str = "replaced";
/// Prefix of the step in a checkpoint's name.
const STEP: &str = "step-";

fn folder_name(step: u64) -> String {
    format!("{STEP}{step:012}")
}

/// A checkpoint on the disk.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Iterations done.
    pub step: u64,
    /// Its folder.
    pub path: PathBuf,
}

/// The folder of a run's checkpoints.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    folder: PathBuf,
}

impl Checkpoints {
    /// The checkpoints of the run at `directory`.
    pub fn of(directory: &Path) -> Self {
        Self { folder: directory.join(layout::CHECKPOINTS) }
    }

    /// Writes a checkpoint: to a folder beside, every file forced to the disk, the manifest last, then renamed. The progress and
    /// the files of `manifest` are filled in. Where the system refuses, earlier checkpoints stay as they were.
    pub fn save(&self, state: &TrainingState, manifest: Manifest) -> Result<Checkpoint, RunDirectoryError> {
        let step = state.progress.step;
        let name = folder_name(step);
        let (beside, path) = (self.folder.join(format!("{UNFINISHED}{name}")), self.folder.join(name));
        let made = own::own(&self.folder)
            .and_then(|_| durable::create_folders(&self.folder))
            .and_then(|()| durable::remove(&beside))
            .and_then(|()| durable::create_folders(&beside));
        made.map_err(RunDirectoryError::io(&beside, "make the folder"))?;
        let written = write(&beside, state, manifest).and_then(|()| {
            // One of the same step is there after a rollback, or where the run was asked to save twice.
            let replaced = self.folder.join(format!("{UNFINISHED}{REPLACED}"));
            if path.exists() {
                let moved = durable::remove(&replaced).and_then(|()| durable::rename(&path, &replaced));
                moved.map_err(RunDirectoryError::io(&path, "replace the checkpoint"))?;
            }
            // The replaced one goes when old ones do.
            durable::rename(&beside, &path)
                .and_then(|()| durable::sync_folder(&self.folder))
                .map_err(RunDirectoryError::io(&path, "finish the checkpoint"))
        });
        if written.is_err() {
            // The error to report is the first one; what is left is not a checkpoint, and the next one removes it.
            let _ = durable::remove(&beside);
        }
        written.map(|()| Checkpoint { step, path })
    }

    fn entries(&self) -> impl Iterator<Item = fs::DirEntry> {
        fs::read_dir(&self.folder).into_iter().flatten().flatten()
    }

    /// Every checkpoint, oldest first. They may be damaged.
    pub fn list(&self) -> Vec<Checkpoint> {
        let checkpoint = |entry: fs::DirEntry| {
            let step = entry.file_name().to_str()?.strip_prefix(STEP)?.parse().ok()?;
            Some(Checkpoint { step, path: entry.path() })
        };
        let mut found: Vec<_> = self.entries().filter_map(checkpoint).collect();
        found.sort_by_key(|checkpoint| checkpoint.step);
        found
    }

    /// Removes all but the best by the watched metric and the last `keep` of those up to step `saved`, which was just written, and
    /// one that it replaced. Returns an error for each that could not be removed.
    pub fn prune(&self, keep: usize, saved: u64) -> Vec<RunDirectoryError> {
        // A later one was damaged when the run was resumed from before it, and must not count as one that is kept.
        let all = self.list().into_iter().filter(|checkpoint| checkpoint.step <= saved).collect();
        let mut stay = self.remove(&self.old(all, keep));
        let replaced = self.folder.join(format!("{UNFINISHED}{REPLACED}"));
        let removed = if replaced.exists() { durable::remove(&replaced) } else { Ok(()) };
        stay.extend(removed.map_err(RunDirectoryError::io(&replaced, "remove the replaced checkpoint")).err());
        stay
    }

    /// Removes these checkpoints. Returns an error for each that could not be removed: one does not keep the others.
    pub fn remove(&self, old: &[Checkpoint]) -> Vec<RunDirectoryError> {
        let remove = |checkpoint: &Checkpoint| {
            // Renamed first: half a checkpoint is never taken for one.
            let aside = self.folder.join(format!("{UNFINISHED}removed-{}", folder_name(checkpoint.step)));
            durable::remove(&aside)
                .and_then(|()| durable::rename(&checkpoint.path, &aside))
                .and_then(|()| durable::remove(&aside))
                .map_err(RunDirectoryError::io(&checkpoint.path, "remove the checkpoint"))
        };
        old.iter().filter_map(|checkpoint| remove(checkpoint).err()).collect()
    }

    /// The best checkpoint by the watched metric, with its value, if one was watched. If the metric was changed on the way, it is
    /// the one watched last: values of different metrics do not compare.
    pub fn best(&self) -> Option<(Checkpoint, Watched)> {
        let watched = |checkpoint: Checkpoint| {
            let watched = Manifest::read(&checkpoint.path).ok()?.watched?;
            Some((checkpoint, watched))
        };
        let mut all: Vec<_> = self.list().into_iter().filter_map(watched).collect();
        let metric = all.last()?.1.metric.clone();
        all.retain(|(_, watched)| watched.metric == metric);
        let rank = |watched: &Watched| direction(&metric).rank(watched.value);
        all.into_iter().min_by(|(_, a), (_, b)| rank(a).total_cmp(&rank(b)))
    }

    /// Of these checkpoints, oldest first, all but the last `keep` and the best.
    pub fn old(&self, all: Vec<Checkpoint>, keep: usize) -> Vec<Checkpoint> {
        let best = self.best().map(|(best, _)| best);
        let old = all.len().saturating_sub(keep);
        all.into_iter().take(old).filter(|c| Some(c) != best.as_ref()).collect()
    }

    /// Removes the remains of checkpoints that were never finished.
    pub fn sweep(&self) -> Result<(), RunDirectoryError> {
        for entry in self.entries() {
            let (name, path) = (entry.file_name(), entry.path());
            let Some(unfinished) = name.to_str().and_then(|name| name.strip_prefix(UNFINISHED)) else {
                continue;
            };
            // A checkpoint that was moved away to be replaced is whole; its step may have no other.
            let whole = if unfinished == REPLACED { Manifest::read(&path).ok() } else { None };
            let done = match whole.map(|manifest| self.folder.join(folder_name(manifest.progress.step))) {
                Some(back) if !back.exists() => durable::rename(&path, &back),
                _ => durable::remove(&path),
            };
            done.map_err(RunDirectoryError::io(&path, "remove the unfinished checkpoint"))?;
        }
        Ok(())
    }
}

impl Checkpoint {
    /// Whether its folder is still there: another process may have removed it.
    pub fn is_there(&self) -> bool {
        self.path.exists()
    }

    /// Checks the manifest and every file against it; the error names the first that is missing or has changed.
    pub fn verify(&self) -> Result<Manifest, RunDirectoryError> {
        let manifest = self.manifest()?;
        for (name, digest) in &manifest.files {
            self.check(name, digest)?;
        }
        Ok(manifest)
    }

    fn manifest(&self) -> Result<Manifest, RunDirectoryError> {
        let manifest = Manifest::read(&self.path)?;
        let (step, path) = (manifest.progress.step, self.path.join(MANIFEST));
        match step == self.step {
            true => Ok(manifest),
            false => {
                Err(RunDirectoryError::damaged(path, format!("it is of step {step}, in the folder of {}", self.step)))
            }
        }
    }

    /// Reads the state, every file checked; the error names the first that is missing, changed or not understood.
    pub fn read(&self) -> Result<(Manifest, TrainingState), RunDirectoryError> {
        let manifest = self.manifest()?;
        let mut arrays = BTreeMap::new();
        for (name, digest) in &manifest.files {
            self.check(name, digest)?;
            if let Some(owner) = name.strip_suffix(".safetensors") {
                let state = state_file::load(&self.path.join(name));
                arrays.insert(owner.to_string(), state.map_err(RunDirectoryError::checkpoint(&self.path))?);
            }
        }
        let progress = manifest.progress.clone();
        Ok((manifest, TrainingState { progress, arrays }))
    }

    fn check(&self, name: &str, digest: &Digest) -> Result<(), RunDirectoryError> {
        let path = self.path.join(name);
        digest.check(&path).map_err(|reason| RunDirectoryError::damaged(&path, reason))
    }
}

fn write(folder: &Path, state: &TrainingState, mut manifest: Manifest) -> Result<(), RunDirectoryError> {
    let mut files = BTreeMap::new();
    let mut file = |name: String, bytes: &[u8]| {
        let path = folder.join(&name);
        durable::write_file(&path, bytes).map_err(RunDirectoryError::io(&path, "write the file"))?;
        files.insert(name, Digest::of(bytes));
        Ok(())
    };
    for (owner, arrays) in &state.arrays {
        let name = format!("{owner}.safetensors");
        let bytes = state_file::encode(arrays, &BTreeMap::new(), &folder.join(&name));
        file(name, &bytes.map_err(RunDirectoryError::checkpoint(folder))?)?;
    }
    manifest.progress = state.progress.clone();
    manifest.files = files;
    let path = folder.join(MANIFEST);
    durable::write_file(&path, &with_checksum(MANIFEST, json_text(&manifest, &path)?.as_bytes()))
        .and_then(|()| durable::sync_folder(folder))
        .map_err(RunDirectoryError::io(&path, "write the file"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_later_than_the_checkpoint_just_saved_is_not_counted_as_kept() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::of(folder.path());
        for step in [20, 25, 30] {
            fs::create_dir_all(checkpoints.folder.join(folder_name(step))).unwrap();
        }
        assert!(checkpoints.prune(1, 25).is_empty());
        assert_eq!(checkpoints.list().iter().map(|checkpoint| checkpoint.step).collect::<Vec<_>>(), [25, 30]);
    }

    #[test]
    fn one_that_cannot_be_removed_does_not_keep_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::of(folder.path());
        for step in [20, 25, 30] {
            fs::create_dir_all(checkpoints.folder.join(folder_name(step))).unwrap();
        }
        let old = checkpoints.list();
        // Another process was faster.
        fs::remove_dir(&old[0].path).unwrap();
        assert!(!old[0].is_there());
        let stay = checkpoints.remove(&old[..2]);
        assert_eq!(stay.len(), 1, "{stay:?}");
        assert!(stay[0].to_string().contains("step-000000000020: cannot remove the checkpoint"), "{stay:?}");
        assert_eq!(checkpoints.list().iter().map(|checkpoint| checkpoint.step).collect::<Vec<_>>(), [30]);
    }
}
