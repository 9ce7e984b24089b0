use anyhow::{Result, bail};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

use crate::scaffold::{Origin, absolute, read_manifest, toml_text};

/// A crate to link in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Given {
    pub name: String,
    /// The source of the crate, as the inside of an inline table.
    pub dependency: String,
}

impl Given {
    /// Reads every argument, in order; a folder comes before a crate of that name. All need the `ebm-core` of `origin`.
    pub fn all(arguments: &[String], origin: &Origin) -> Result<Vec<Self>> {
        let mut found: Vec<Self> = Vec::new();
        for argument in arguments {
            let given = Self::read(argument, origin)?;
            if found.iter().any(|other| other.identifier() == given.identifier()) {
                bail!("--with names two crates {}; link one of them only", given.name);
            }
            found.push(given);
        }
        Ok(found)
    }

    /// The name of the crate in Rust, unless its library has another name.
    pub fn identifier(&self) -> String {
        self.name.replace('-', "_")
    }

    fn read(argument: &str, origin: &Origin) -> Result<Self> {
        let path = Path::new(argument);
        if path.is_dir() {
            return Self::of_folder(argument, path, origin);
        }
        let (name, version) = argument.split_once('@').unwrap_or((argument, "*"));
        if version.is_empty() || !is_name(name) {
            bail!(
                "--with {argument}: there is no such folder, and it is no crate's name (expected NAME or NAME@VERSION)"
            );
        }
        Ok(Self { name: name.into(), dependency: format!("version = {}", Value::String(version.into())) })
    }

    fn of_folder(argument: &str, path: &Path, origin: &Origin) -> Result<Self> {
        let file = path.join("Cargo.toml");
        if !file.is_file() {
            bail!("--with {argument}: expected the folder of a crate; it has no Cargo.toml");
        }
        let manifest = read_manifest(&file)?;
        let package = manifest.get("package").and_then(|package| package.get("name"));
        let Some(name) = package.and_then(Value::as_str) else {
            bail!("--with {argument}: its Cargo.toml describes no package; name the folder of the crate itself");
        };
        if !is_name(name) {
            bail!("--with {argument}: {name:?}, as its Cargo.toml calls it, is no crate's name");
        }
        if !manifest.contains_key("lib") && !path.join("src/lib.rs").is_file() {
            bail!("--with {argument}: the package is no library (it has no src/lib.rs), so nothing can be linked in");
        }
        check_core(name, path, &manifest, origin)?;
        Ok(Self { name: name.into(), dependency: format!("path = {}", toml_text(&absolute(path)?)?) })
    }
}

/// Whether a text can name a crate, in a manifest and in Rust, where it stands as it is.
fn is_name(name: &str) -> bool {
    // Those that `main.rs` cannot name.
    const KEYWORDS: [&str; 5] = ["crate", "self", "super", "Self", "_"];
    let begins = |c: char| c.is_ascii_alphabetic() || c == '_';
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    name.starts_with(begins) && name.chars().all(part) && !KEYWORDS.contains(&name)
}

/// A dependency on another `ebm-core` by path is seen at once; one that is less plain is found by cargo.
fn check_core(name: &str, folder: &Path, manifest: &Table, origin: &Origin) -> Result<()> {
    let dependencies = manifest.get("dependencies");
    let Some(theirs) = dependencies.and_then(|table| table.get("ebm-core")?.get("path")?.as_str()) else {
        return Ok(());
    };
    let theirs = absolute(&folder.join(theirs))?;
    let ours = match origin {
        Origin::Checkout(checkout) => checkout.join("ebm-core"),
        Origin::Registry => PathBuf::from("the registry"),
    };
    if theirs != ours {
        let (theirs, ours) = (theirs.display(), ours.display());
        bail!(
            "the crate {name} is written for the ebm-core in {theirs}, the program for {ours}: a component is registered with \
             its own ebm-core only; give --local the checkout that {name} depends on"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn read(argument: &str) -> Result<Given> {
        Given::read(argument, &Origin::Registry)
    }

    fn crate_in(folder: &Path, manifest: &str) -> String {
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::write(folder.join("src/lib.rs"), "").unwrap();
        fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        folder.to_str().unwrap().into()
    }

    fn refused(argument: &str) -> String {
        read(argument).unwrap_err().to_string()
    }

    #[test]
    fn crates_of_the_registry_have_a_name_and_perhaps_a_version() {
        assert_eq!(read("my-bound").unwrap().dependency, "version = \"*\"");
        let versioned = read("my-bound@0.2").unwrap();
        assert_eq!(versioned.name, "my-bound");
        assert_eq!(versioned.dependency, "version = \"0.2\"");
        for wrong in ["", "./nowhere", "a b", "@1", "a@", "-a", "1a", "a\n[b]", "self"] {
            assert!(refused(wrong).contains("there is no such folder"), "{wrong}");
        }
    }

    #[test]
    fn a_folder_is_a_crate_with_a_library_or_refused_by_name() {
        let above = tempfile::tempdir().unwrap();
        let argument = crate_in(&above.path().join("a"), "[package]\nname = \"my-bound\"\n");
        let given = read(&argument).unwrap();
        assert_eq!((given.name.as_str(), &*given.identifier()), ("my-bound", "my_bound"));
        assert!(given.dependency.starts_with("path = "), "{given:?}");
        let twice = Given::all(&[argument.clone(), argument.clone()], &Origin::Registry);
        assert!(twice.unwrap_err().to_string().contains("two crates my-bound"));

        for wrong in ["a = {}\\n[build]\\nb", "a); evil!(", "-", "crate"] {
            let other = crate_in(&above.path().join("c"), &format!("[package]\nname = \"{wrong}\"\n"));
            assert!(refused(&other).contains("is no crate's name"), "{wrong}");
        }

        fs::remove_file(above.path().join("a/src/lib.rs")).unwrap();
        assert!(refused(&argument).contains("is no library"));
        let workspace = crate_in(&above.path().join("b"), "[workspace]\n");
        assert!(refused(&workspace).contains("describes no package"));
        assert!(refused(above.path().to_str().unwrap()).contains("has no Cargo.toml"));
    }

    #[test]
    fn another_ebm_core_is_named_with_the_way_out() {
        let above = tempfile::tempdir().unwrap();
        fs::create_dir(above.path().join("ebm-core")).unwrap();
        let manifest = "[package]\nname = \"my-bound\"\n[dependencies]\nebm-core = { path = \"../ebm-core\" }\n";
        let argument = crate_in(&above.path().join("a"), manifest);
        let error = read(&argument).unwrap_err().to_string();
        assert!(error.contains("my-bound") && error.contains("--local"), "{error}");
        let checkout = above.path().canonicalize().unwrap();
        assert!(Given::read(&argument, &Origin::Checkout(checkout)).is_ok());
    }
}
