//! Files that the user names: links are followed, modes kept, and pipes written through.

use std::fs::{self, Permissions};
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::process::Command;
use std::thread;

use crate::command::Folder;

const RUN: &str = "runs/run-seed7";

/// The commands that write a file, without its name.
const COMMANDS: [&str; 5] = [
    "sample runs/run-seed7 -n 5 --format npy --out",
    "sample runs/run-seed7 -n 5 --format npz --out",
    "diagnose runs/run-seed7 --samples 4 --out",
    "export runs/run-seed7 --overwrite --out",
    "init two-moons --force --output",
];

/// A name that the command takes.
fn name(command: &str) -> &'static str {
    match command {
        _ if command.starts_with("diagnose") => "picture.png",
        _ if command.starts_with("export") => "model.safetensors",
        _ => "file",
    }
}

#[test]
fn a_link_is_followed_and_a_mode_is_kept() {
    for command in COMMANDS {
        let (folder, name) = (Folder::trained(RUN), name(command));
        fs::create_dir(folder.path("elsewhere")).unwrap();
        folder.write("elsewhere/target", "old");
        fs::set_permissions(folder.path("elsewhere/target"), Permissions::from_mode(0o600)).unwrap();
        symlink("elsewhere/target", folder.path("second")).unwrap();
        symlink("second", folder.path(name)).unwrap();
        folder.succeed(&format!("{command} {name}"));
        assert!(fs::symlink_metadata(folder.path(name)).unwrap().is_symlink(), "{command}");
        let target = fs::symlink_metadata(folder.path("elsewhere/target")).unwrap();
        assert_eq!(target.permissions().mode() & 0o777, 0o600, "{command}");
        assert!(target.is_file() && target.len() > 3, "{command}");
        assert_eq!(fs::read_dir(folder.path("elsewhere")).unwrap().count(), 1, "{command}");
    }
}

#[test]
fn a_link_to_nothing_makes_the_file_that_it_names_and_one_to_itself_is_refused() {
    let folder = Folder::trained(RUN);
    symlink("new.npy", folder.path("link.npy")).unwrap();
    folder.succeed("sample runs/run-seed7 -n 5 --out link.npy");
    assert!(fs::symlink_metadata(folder.path("new.npy")).unwrap().is_file());
    symlink("turn.npy", folder.path("turn.npy")).unwrap();
    folder.refuse_all("1 | sample runs/run-seed7 -n 5 --out turn.npy | too many links");
}

#[test]
fn a_pipe_is_written_through() {
    for command in COMMANDS {
        let (folder, name) = (Folder::trained(RUN), name(command));
        let expected = {
            folder.succeed(&format!("{command} {name}"));
            let bytes = folder.read_bytes(name);
            folder.remove(name);
            bytes
        };
        let pipe = folder.path(name);
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let reader = {
            let pipe = pipe.clone();
            thread::spawn(move || fs::read(pipe).unwrap())
        };
        folder.succeed(&format!("{command} {name}"));
        assert_eq!(reader.join().unwrap(), expected, "{command}");
        assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo(), "{command}");
    }
}
