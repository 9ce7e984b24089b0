//! Where the crates of this project are taken from.

use std::fs;
use std::path::{Path, PathBuf};
use thiserror::Error;
use toml::{Table, Value};

/// The version of this program's crates; they have one.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A folder or a manifest that cannot be used.
#[derive(Debug, Error)]
pub(crate) enum OriginError {
    #[error("{path}: {source}")]
    Unreadable { path: String, source: std::io::Error },
    #[error("{path}: {reason}")]
    Malformed { path: String, reason: String },
    #[error(
        "--local {path}: expected a checkout of ebm, with the folders ebm-core and ebm-cli; {missing} is not there"
    )]
    NoCheckout { path: String, missing: String },
    #[error(
        "--local {path}: ebm-core there has version {found}, this program {VERSION}: use the `ebm` of that checkout"
    )]
    OtherVersion { path: String, found: String },
    #[error("{0}: expected a path in UTF-8")]
    NotText(String),
}

/// Where the crates of this project are taken from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Origin {
    /// From the registry, in this program's version.
    Registry,
    /// From a checkout, an absolute path.
    Checkout(PathBuf),
}

impl Origin {
    /// The origin that `--local` says.
    pub fn new(local: Option<&Path>) -> Result<Self, OriginError> {
        let Some(given) = local else {
            return Ok(Self::Registry);
        };
        let path = given.display().to_string();
        let missing = |missing: &str| OriginError::NoCheckout {
            path: path.clone(),
            missing: missing.into(),
        };
        for needed in ["Cargo.toml", "ebm-core/Cargo.toml", "ebm-cli/Cargo.toml"] {
            if !given.join(needed).is_file() {
                return Err(missing(needed));
            }
        }
        let manifest = read_manifest(&given.join("Cargo.toml"))?;
        let package = manifest.get("workspace").and_then(|workspace| workspace.get("package"));
        let version = package
            .and_then(|package| package.get("version"))
            .and_then(Value::as_str);
        match version {
            Some(VERSION) => {}
            Some(other) => {
                let found = other.into();
                return Err(OriginError::OtherVersion { path, found });
            }
            None => return Err(missing("workspace.package.version in Cargo.toml")),
        }
        Ok(Self::Checkout(absolute(given)?))
    }

    /// A dependency on one of this project's crates, as the inside of an inline table.
    pub fn dependency(&self, name: &str) -> Result<String, OriginError> {
        match self {
            Self::Registry => Ok(format!("version = {VERSION:?}")),
            Self::Checkout(path) => {
                let folder = match name {
                    "ebm-conformance" => "ebm-core/conformance",
                    name => name,
                };
                Ok(format!("path = {}", toml_text(&path.join(folder))?))
            }
        }
    }

    /// The versions of everything else that the checkout was tested with, as a `Cargo.lock`, if there is one.
    pub fn lock(&self) -> Result<Option<String>, OriginError> {
        let Self::Checkout(path) = self else {
            return Ok(None);
        };
        let path = path.join("Cargo.lock");
        path.is_file().then(|| read(&path)).transpose()
    }
}

/// The path from the root of the file system.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, OriginError> {
    path.canonicalize().map_err(|source| OriginError::Unreadable {
        path: path.display().to_string(),
        source,
    })
}

fn read(path: &Path) -> Result<String, OriginError> {
    fs::read_to_string(path).map_err(|source| OriginError::Unreadable {
        path: path.display().to_string(),
        source,
    })
}

/// A manifest as a table.
pub(crate) fn read_manifest(path: &Path) -> Result<Table, OriginError> {
    read(path)?
        .parse()
        .map_err(|error: toml::de::Error| OriginError::Malformed {
            path: path.display().to_string(),
            reason: error.message().replace('\n', " "),
        })
}

/// A path as a TOML string, quotes and all.
pub(crate) fn toml_text(path: &Path) -> Result<String, OriginError> {
    let text = path
        .to_str()
        .ok_or_else(|| OriginError::NotText(path.display().to_string()))?;
    Ok(Value::String(text.into()).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkout(version: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in ["ebm-core", "ebm-cli"] {
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::write(folder.path().join(name).join("Cargo.toml"), "").unwrap();
        }
        let manifest = format!("[workspace.package]\nversion = {version:?}\n");
        fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
        folder
    }

    #[test]
    fn dependencies_are_versions_or_absolute_paths() {
        let registry = Origin::new(None).unwrap();
        assert_eq!(
            registry.dependency("ebm-core").unwrap(),
            format!("version = {VERSION:?}")
        );
        let folder = checkout(VERSION);
        let local = Origin::new(Some(folder.path())).unwrap();
        let path = folder.path().canonicalize().unwrap().join("ebm-core");
        assert_eq!(
            local.dependency("ebm-core").unwrap(),
            format!("path = {:?}", path.to_str().unwrap())
        );
        assert_eq!(local.lock().unwrap(), None);
    }

    #[test]
    fn a_folder_that_is_no_checkout_of_this_version_is_refused_by_name() {
        let nothing = tempfile::tempdir().unwrap();
        let error = Origin::new(Some(nothing.path())).unwrap_err().to_string();
        assert!(error.contains("Cargo.toml is not there"), "{error}");
        let error = Origin::new(Some(checkout("9.9.9").path())).unwrap_err().to_string();
        assert!(error.contains("9.9.9") && error.contains(VERSION), "{error}");
        let broken = checkout(VERSION);
        fs::write(broken.path().join("Cargo.toml"), "[workspace").unwrap();
        let error = Origin::new(Some(broken.path())).unwrap_err().to_string();
        assert!(error.contains("Cargo.toml: "), "{error}");
    }
}
