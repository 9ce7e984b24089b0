//! Doing what a page says, in a shell.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::{Folder, stderr};

impl Folder {
    /// Makes a program of a shell script, to be found before any other of its name.
    pub fn put_program(&self, name: &str, script: &str) {
        let path = self.path("bin").join(name);
        fs::create_dir_all(self.path("bin")).unwrap();
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Makes a file or folder from elsewhere appear under a name.
    pub fn link(&self, target: &Path, name: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    }

    /// Runs a script in the folder, every command of which must succeed; its stdout.
    pub fn script(&self, text: &str) -> String {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = self.program("sh", &["-e", "-c", text]);
        shell.env("PATH", format!("{}:{path}", self.path("bin").display()));
        let output = shell.output().unwrap();
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}\n{out}\n{}", stderr(&output));
        out
    }
}
