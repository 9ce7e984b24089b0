use anyhow::{Context, Result, anyhow, bail};
use std::fs;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The version that all of this program's crates share.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The source of this project's crates.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Origin {
    /// From the registry, in this program's version.
    Registry,
    /// From a checkout, an absolute path.
    Checkout(PathBuf),
}

impl Origin {
    /// The origin that `--local` names, which must be a checkout of this version.
    pub fn new(local: Option<&Path>) -> Result<Self> {
        let Some(given) = local else {
            return Ok(Self::Registry);
        };
        let path = given.display();
        let folders = "the folders ebm-core and ebm-cli";
        let missing =
            |what: &str| anyhow!("--local {path}: expected a checkout of ebm, with {folders}; {what} is not there");
        for needed in ["Cargo.toml", "ebm-core/Cargo.toml", "ebm-cli/Cargo.toml"] {
            if !given.join(needed).is_file() {
                return Err(missing(needed));
            }
        }
        let manifest = read_manifest(&given.join("Cargo.toml"))?;
        let package = manifest.get("workspace").and_then(|workspace| workspace.get("package"));
        match package.and_then(|package| package.get("version")?.as_str()) {
            Some(VERSION) => Ok(Self::Checkout(absolute(given)?)),
            Some(other) => bail!(
                "--local {path}: ebm-core there has version {other}, this program {VERSION}: use the `ebm` of that checkout"
            ),
            None => Err(missing("workspace.package.version in Cargo.toml")),
        }
    }

    /// A dependency on one of this project's crates, as the inside of an inline table.
    pub fn dependency(&self, name: &str) -> Result<String> {
        match self {
            Self::Registry => Ok(format!("version = {VERSION:?}")),
            Self::Checkout(path) => {
                let folder = match name {
                    "ebm-conformance" => "ebm-core/conformance",
                    "ebm-train" => "ebm-core/train",
                    "ebm-eval" => "ebm-cli/eval",
                    name => name,
                };
                Ok(format!("path = {}", toml_text(&path.join(folder))?))
            }
        }
    }

    /// The versions of everything else that the checkout was tested with, as a `Cargo.lock`, if there is one.
    pub fn lock(&self) -> Result<Option<String>> {
        let Self::Checkout(path) = self else {
            return Ok(None);
        };
        let path = path.join("Cargo.lock");
        path.is_file().then(|| read(&path)).transpose()
    }
}

/// The path from the root of the file system, of something that is there.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf> {
    path.canonicalize().with_context(|| path.display().to_string())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

pub(crate) fn read_manifest(path: &Path) -> Result<Table> {
    let parsed = read(path)?.parse();
    parsed.map_err(|error: toml::de::Error| anyhow!("{}: {}", path.display(), error.message().replace('\n', " ")))
}

/// A path as a TOML string, quotes and all.
pub(crate) fn toml_text(path: &Path) -> Result<String> {
    let text = path.to_str();
    let text = text.with_context(|| format!("{}: expected a path in UTF-8", path.display()))?;
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
        assert_eq!(registry.dependency("ebm-core").unwrap(), format!("version = {VERSION:?}"));
        let folder = checkout(VERSION);
        let local = Origin::new(Some(folder.path())).unwrap();
        let path = folder.path().canonicalize().unwrap().join("ebm-core");
        assert_eq!(local.dependency("ebm-core").unwrap(), format!("path = {:?}", path.to_str().unwrap()));
        assert_eq!(local.lock().unwrap(), None);
    }

    #[test]
    fn a_folder_that_is_no_checkout_of_this_version_is_refused_by_name() {
        let nothing = tempfile::tempdir().unwrap();
        let error = format!("{:#}", Origin::new(Some(nothing.path())).unwrap_err());
        assert!(error.contains("Cargo.toml is not there"), "{error}");
        let error = format!("{:#}", Origin::new(Some(checkout("9.9.9").path())).unwrap_err());
        assert!(error.contains("9.9.9") && error.contains(VERSION), "{error}");
        let broken = checkout(VERSION);
        fs::write(broken.path().join("Cargo.toml"), "[workspace").unwrap();
        let error = format!("{:#}", Origin::new(Some(broken.path())).unwrap_err());
        assert!(error.contains("Cargo.toml: "), "{error}");
    }
}
