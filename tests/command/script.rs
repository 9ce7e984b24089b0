//! Follows a page's instructions in a shell.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::{Folder, stderr, stdout};

impl Folder {
    /// Makes a program of a shell script, to be found before any other of its name.
    pub fn put_program(&self, name: &str, script: &str) {
        let path = self.path("bin").join(name);
        fs::create_dir_all(self.path("bin")).unwrap();
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// The search path with the folder's own programs first.
    pub fn search_path(&self) -> String {
        let path = std::env::var("PATH").unwrap_or_default();
        format!("{}:{path}", self.path("bin").display())
    }

    /// Makes a file or folder from elsewhere appear under a name.
    pub fn link(&self, target: &Path, name: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    }

    /// Runs a script in the folder, every command of which must succeed; its stdout.
    pub fn script(&self, text: &str) -> String {
        let mut shell = self.program("sh", "-e -c");
        let output = shell.arg(text).env("PATH", self.search_path()).output().unwrap();
        let out = stdout(&output);
        assert!(output.status.success(), "{text}\n{out}\n{}", stderr(&output));
        out
    }
}
