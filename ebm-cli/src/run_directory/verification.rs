//! Whether the files of a run are what was written, and the way back where they are not.
//!
//! Files written on the way carry a checksum each; a checkpoint's manifest has the hashes of its files, and the summary, which is
//! written last, has those of all files that stay as they are from then on.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::{io, path::Path};

use super::{
    Checkpoint, Description, Digest, Manifest, MetricsFile, MetricsReader, RunDirectory, RunDirectoryError, checksum,
    json_text, layout, regular, write,
};
use crate::config::{RunConfig, read_written};
use ebm_train::state_file;

/// Digests of files, by their names relative to the run directory.
type Files = BTreeMap<String, Digest>;

/// A file of a run, relative to its directory, and whether it is what was written: a remark, or the error.
pub type Verdict = (String, Result<String, RunDirectoryError>);

/// What to do where no checkpoint can restore a file.
const NO_WAY_BACK: &str =
    "no checkpoint can restore it: put a copy of the file back, or train the run again (--overwrite)";

impl RunDirectory {
    /// Reads the resolved configuration back. If the file is damaged, the error names the checkpoint to restore it from.
    pub fn read_config(&self) -> Result<RunConfig, RunDirectoryError> {
        let (text, has_checksum) = self.read_checked(layout::CONFIG)?;
        let read = str::from_utf8(&text).map_err(|error| error.to_string());
        let config = read.and_then(|text| read_written(text).map_err(|error| error.to_string()));
        config.map_err(|reason| match self.way_back(layout::CONFIG) {
            // One that is what was written may name a component that this program does not have.
            Some(way) if !has_checksum => self.damaged(layout::CONFIG, format!("{}; {way}", reason.trim())),
            _ => self.damaged(layout::CONFIG, reason),
        })
    }

    /// Reads the description of the data; `None` for runs of earlier releases, which have none.
    pub fn read_description(&self) -> Result<Option<Description>, RunDirectoryError> {
        if !self.path.join(layout::DATA).exists() && !self.had_description() {
            return Ok(None);
        }
        let (description, _) = self.read_checked_json(layout::DATA)?;
        serde_json::from_value(description).map(Some).map_err(|error| self.repairable(layout::DATA, error))
    }

    /// Number of steps of the run, if it ended. An error if a file of its end is damaged.
    pub fn steps_done(&self) -> Result<Option<u64>, RunDirectoryError> {
        self.intact()?;
        Ok(self.read_summary()?.and_then(|(summary, _)| summary["steps"].as_u64()))
    }

    /// Checks the files that the run is read from, apart from its metrics and checkpoints. The error names the first that is
    /// damaged, and the checkpoint to restore it from.
    pub fn intact(&self) -> Result<(), RunDirectoryError> {
        let listed = self.listed()?;
        // Weights without a summary are nobody's: the run writes them again.
        let is_read = |name: &str| match listed {
            Some(_) => name != layout::METRICS,
            None => layout::CHECKED.contains(&name),
        };
        let mut names = self.names(listed.as_ref()).into_iter().filter(|name| is_read(name));
        names.try_for_each(|name| self.verify_file(&name, listed.as_ref()).map(drop))
    }

    /// Verifies every file of the run but its checkpoints.
    pub fn verify(&self) -> Vec<Verdict> {
        let (listed, failed) = match self.listed() {
            Ok(listed) => (listed, None),
            Err(error) => (None, Some((layout::SUMMARY.to_string(), Err(error)))),
        };
        let verdict = |name: String| {
            let outcome = self.verify_file(&name, listed.as_ref());
            (name, outcome)
        };
        self.names(listed.as_ref()).into_iter().map(verdict).chain(failed).collect()
    }

    /// Verifies a checkpoint, and that the metrics begin with those it saw.
    pub fn verify_checkpoint(&self, checkpoint: &Checkpoint) -> Result<Manifest, RunDirectoryError> {
        let manifest = checkpoint.verify()?;
        MetricsFile::check(&self.path, &manifest.metrics).map(|_| manifest)
    }

    /// The last checkpoint that is whole.
    pub fn last_whole(&self) -> Option<Manifest> {
        self.checkpoints().list().iter().rev().find_map(|checkpoint| self.verify_checkpoint(checkpoint).ok())
    }

    /// Puts damaged files back from the last whole checkpoint. Where its end is damaged, the run goes back to where it had none.
    /// Returns what was done, a sentence each.
    pub fn restore(&self) -> Result<Vec<String>, RunDirectoryError> {
        // The last whole checkpoint may be one that was moved aside to be replaced.
        self.checkpoints().sweep()?;
        let is_damaged = |(_, outcome): &Verdict| outcome.is_err();
        let damaged: Vec<Verdict> = self.verify().into_iter().filter(is_damaged).collect();
        let mut done = Vec::new();
        let Some((first, _)) = damaged.first() else { return Ok(done) };
        let Some(manifest) = self.last_whole() else { return Err(self.damaged(first, NO_WAY_BACK)) };
        let step = manifest.progress.step;
        for (name, _) in &damaged {
            let path = self.path.join(name);
            let text = match name.as_str() {
                layout::CONFIG => manifest.config_text.clone(),
                layout::DATA => manifest.data_text.clone(),
                layout::VERSIONS => json_text(&manifest.versions, &path)?,
                _ => continue,
            };
            if text.is_empty() {
                return Err(self.damaged(name, NO_WAY_BACK));
            }
            write(&path, &checksum::with_checksum(name, text.as_bytes()))?;
            done.push(format!("{name}: restored from the checkpoint of step {step}"));
        }
        if self.verify().iter().any(is_damaged) {
            self.reopen()?;
            done.push(format!(
                "its damaged end is removed; to write it again from the checkpoint of step {step}: ebm train --resume {}",
                self.path.display()
            ));
        }
        Ok(done)
    }

    /// Digests of the files that carry a checksum and are what was written.
    pub(crate) fn checked_files(&self) -> BTreeMap<String, Digest> {
        let digest = |name: &str| {
            let (bytes, has_checksum) = self.read_checked(name).ok()?;
            has_checksum.then(|| (name.to_string(), Digest::of(&bytes)))
        };
        layout::CHECKED.into_iter().filter_map(digest).collect()
    }

    /// The digests that the summary has, which none of earlier versions does; `None` if there is no summary.
    fn listed(&self) -> Result<Option<Files>, RunDirectoryError> {
        let Some((mut summary, has_checksum)) = self.read_summary()? else { return Ok(None) };
        let damaged = |reason: String| self.damaged(layout::SUMMARY, format!("files: {reason}"));
        let Some(files) = summary.get_mut("files").map(Value::take) else { return Ok(Some(Files::new())) };
        // No version wrote the one without the other.
        if !has_checksum {
            return Err(self.repairable(layout::SUMMARY, "its checksum is missing"));
        }
        let files: Files = serde_json::from_value(files).map_err(|error| damaged(error.to_string()))?;
        let is_outside =
            |name: &String| name.split('/').any(|part| matches!(part, "" | "." | "..")) || name.contains(['\\', '\0']);
        match files.keys().find(|name| is_outside(name)) {
            None => Ok(Some(files)),
            Some(name) => Err(damaged(format!("{name:?} is no file of the run"))),
        }
    }

    /// The files to verify: those that should be there, and weights that should not.
    fn names(&self, listed: Option<&Files>) -> Vec<String> {
        // A run that was only begun may have none of its files yet.
        let has_begun = listed.is_some() || !self.checkpoints().list().is_empty();
        let is_expected = |name: &str| match name {
            layout::CONFIG | layout::METRICS => has_begun,
            layout::DATA => self.had_description(),
            _ => false,
        };
        let written = layout::CHECKED.into_iter().chain([layout::METRICS]);
        let there = written.filter(|name| self.path.join(name).exists() || is_expected(name));
        let summary = listed.is_some().then_some(layout::SUMMARY);
        let mut names: Vec<String> = there.chain(summary).map(String::from).collect();
        let weights = self.weight_files().into_keys().map(|player| format!("{}/{player}.safetensors", layout::WEIGHTS));
        let others: BTreeSet<String> = weights.chain(listed.into_iter().flat_map(Files::keys).cloned()).collect();
        let others: Vec<String> = others.into_iter().filter(|name| !names.contains(name)).collect();
        names.extend(others);
        names
    }

    fn verify_file(&self, name: &str, listed: Option<&Files>) -> Result<String, RunDirectoryError> {
        let path = self.path.join(name);
        let digest = listed.and_then(|listed| listed.get(name));
        if let Some(digest) = digest {
            digest.check(&path).map_err(|reason| self.repairable(name, reason))?;
        }
        let (what, has_checksum) = match Path::new(name).extension().and_then(|extension| extension.to_str()) {
            Some("safetensors") => {
                // One that is put beside the others might be taken for an average of them.
                if digest.is_none() && listed.is_some_and(|listed| !listed.is_empty()) {
                    return Err(self.repairable(name, "it is not among the files that the run ended with"));
                }
                let state = state_file::load(&path).map_err(|error| self.repairable(name, error))?;
                (format!("good, {} arrays", state.len()), false)
            }
            Some("jsonl") => {
                let count = MetricsReader::open(&self.path)?.try_fold(0, |count, line| line.map(|_| count + 1))?;
                // The checkpoints have its hash up to where they were saved.
                (format!("good, {count} lines"), true)
            }
            Some("toml") => {
                self.read_config()?;
                ("good".into(), self.read_checked(name)?.1)
            }
            Some("json") => ("good".into(), self.read_checked_json(name)?.1),
            _ => ("good".into(), false),
        };
        let is_hashed = has_checksum || digest.is_some();
        Ok(if is_hashed {
            what
        } else {
            format!("{what}; without a hash: written by an earlier version, or before the run's end")
        })
    }

    /// The summary, if there is one, and whether it carries a checksum.
    fn read_summary(&self) -> Result<Option<(Value, bool)>, RunDirectoryError> {
        match self.path.join(layout::SUMMARY).exists() {
            true => self.read_checked_json(layout::SUMMARY).map(Some),
            false => Ok(None),
        }
    }

    fn read_checked_json(&self, name: &str) -> Result<(Value, bool), RunDirectoryError> {
        let (bytes, has_checksum) = self.read_checked(name)?;
        let value = serde_json::from_slice(&bytes).map_err(|error| self.repairable(name, error))?;
        Ok((value, has_checksum))
    }

    /// The content of a file that may carry a checksum, and whether it does.
    fn read_checked(&self, name: &str) -> Result<(Vec<u8>, bool), RunDirectoryError> {
        let path = self.path.join(name);
        let bytes = regular::read(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => self.repairable(name, error),
            _ => RunDirectoryError::io(&path, "read the file")(error),
        })?;
        let has_checksum = checksum::check(name, &bytes).map_err(|reason| self.repairable(name, reason))?;
        Ok((bytes, has_checksum))
    }

    fn damaged(&self, name: &str, reason: impl ToString) -> RunDirectoryError {
        RunDirectoryError::damaged(self.path.join(name), reason)
    }

    /// The error of a damaged file, with the way back.
    fn repairable(&self, name: &str, reason: impl ToString) -> RunDirectoryError {
        let way = self.way_back(name);
        let reason = reason.to_string();
        self.damaged(name, format!("{}; {}", reason.trim(), way.as_deref().unwrap_or(NO_WAY_BACK)))
    }

    /// Whether the last whole checkpoint was saved beside a description of the data. Those of earlier releases were not.
    fn had_description(&self) -> bool {
        self.last_whole().is_some_and(|found| !found.data_text.is_empty())
    }

    /// What to do about a damaged file, if a checkpoint can restore it.
    fn way_back(&self, name: &str) -> Option<String> {
        let can_restore = |found: &Manifest| match name {
            layout::CONFIG => !found.config_text.is_empty(),
            layout::DATA => !found.data_text.is_empty(),
            _ => true,
        };
        let manifest = self.last_whole().filter(can_restore)?;
        let (step, path) = (manifest.progress.step, self.path.display());
        Some(format!("to restore it from the checkpoint of step {step}: ebm runs restore {path}"))
    }
}
