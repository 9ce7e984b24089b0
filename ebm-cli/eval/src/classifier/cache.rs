use ebm_core::{device::Real, error::StateError, image::LabelledImages, parameter::Module, random::Random};
use ebm_train::{Cancel, Cancelled, files::write_atomically, state_file};
use std::path::{Path, PathBuf};
use std::{collections::BTreeMap, ffi::OsString, fs, io::Write};

use super::Classifier;
use super::training::{Settings, train};

/// Changes with the network or with how it is trained: files of other versions are not looked at.
const VERSION: &str = "1";
/// Entry of a file's metadata that holds the hash of its arrays.
const WEIGHTS: &str = "weights";

/// Where a classifier came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It was trained just now.
    Trained {
        /// The trouble with the cache, if there was any: a file that is damaged, or cannot be written.
        trouble: Option<String>,
    },
    /// It was read from the cache.
    Cached,
}

/// The classifier of these images: read from the cache, or trained and put there.
///
/// The cache is `ebm/classifiers` in the user's cache folder (`$XDG_CACHE_HOME`, or `~/.cache`). The file's name is a hash of
/// everything that the weights depend on; its content is checked by another.
///
/// # Errors
/// Once it was cancelled; nothing is put into the cache then.
pub(crate) fn trained(images: &LabelledImages, cancel: &Cancel) -> Result<(Classifier, Origin), Cancelled> {
    let folder = folder(std::env::var_os("XDG_CACHE_HOME"), std::env::var_os("HOME"));
    cached(images, &Settings::default(), folder.as_deref(), cancel)
}

fn folder(cache: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    // A relative path is no cache, by the specification.
    let absolute = |path: OsString| Some(PathBuf::from(path)).filter(|path| path.is_absolute());
    let folder = cache.and_then(absolute).or_else(|| Some(home.and_then(absolute)?.join(".cache")));
    folder.map(|folder| folder.join("ebm").join("classifiers"))
}

fn cached(
    images: &LabelledImages,
    settings: &Settings,
    folder: Option<&Path>,
    cancel: &Cancel,
) -> Result<(Classifier, Origin), Cancelled> {
    let path = folder.map(|folder| folder.join(format!("{}.safetensors", key(images, settings))));
    let mut trouble = None;
    if let Some(path) = path.as_deref().filter(|path| path.exists()) {
        match read(path, images) {
            Ok(classifier) => return Ok((classifier, Origin::Cached)),
            Err(reason) => trouble = Some(format!("{}: {reason}; the classifier was trained again", path.display())),
        }
    }
    tracing::info!(images = images.labels.len(), "training the classifier; later runs find it in the cache");
    let classifier = train(images, settings, cancel)?;
    let written = match &path {
        Some(path) => write(path, &classifier),
        None => Err("neither XDG_CACHE_HOME nor HOME names a folder; the classifier is trained each time".into()),
    };
    let trouble = trouble.or(written.err());
    Ok((classifier, Origin::Trained { trouble }))
}

/// A hash of everything that the weights depend on, except the number of threads, which decides the order of sums.
fn key(images: &LabelledImages, settings: &Settings) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut add = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    add(VERSION.as_bytes());
    add(format!("{settings:?} {} bytes a value", size_of::<Real>()).as_bytes());
    add(format!("{} {:?}", images.shape, images.classes).as_bytes());
    add(&images.levels);
    add(&images.labels.iter().flat_map(|label| label.to_le_bytes()).collect::<Vec<u8>>());
    hasher.finalize().to_hex()[..32].to_string()
}

fn read(path: &Path, images: &LabelledImages) -> Result<Classifier, String> {
    // Errors of state files name the file first; here the caller does.
    let without_path = |error: StateError| {
        let text = error.to_string();
        text.strip_prefix(&format!("{}: ", path.display())).unwrap_or(&text).to_string()
    };
    let bytes = state_file::read_bytes(path).map_err(without_path)?;
    let state = state_file::decode(&bytes, path).map_err(without_path)?;
    let metadata = state_file::metadata(&bytes, path).map_err(without_path)?;
    let mut classifier = Classifier::new(images.shape.values(), images.classes.len(), Random::new(0));
    classifier.load_state(&state).map_err(|error| error.to_string())?;
    if metadata.get(WEIGHTS) != Some(&classifier.hash()) {
        return Err("the weights are not those that were written".into());
    }
    Ok(classifier)
}

fn write(path: &Path, classifier: &Classifier) -> Result<(), String> {
    let metadata = BTreeMap::from([(WEIGHTS.to_string(), classifier.hash())]);
    let bytes = state_file::encode(&classifier.state(), &metadata, path).map_err(|error| error.to_string())?;
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .and_then(|()| write_atomically(path, |file| file.write_all(&bytes)))
        .map_err(|error| format!("{}: the classifier cannot be kept: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::super::training::tests::{quick, shapes};
    use super::*;

    #[test]
    fn what_was_trained_once_is_read_and_other_images_are_trained_on_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let cancel = Cancel::default();
        cancel.request();
        assert_eq!(cached(&shapes(90, 1), &quick(), Some(folder.path()), &cancel).err(), Some(Cancelled));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let find = |images: &LabelledImages| cached(images, &quick(), Some(folder.path()), &Cancel::default()).unwrap();
        let (first, origin) = find(&shapes(90, 1));
        assert_eq!(origin, Origin::Trained { trouble: None });
        let (second, origin) = find(&shapes(90, 1));
        assert_eq!(origin, Origin::Cached);
        assert_eq!(first.hash(), second.hash());
        let (other, origin) = find(&shapes(90, 2));
        assert_eq!(origin, Origin::Trained { trouble: None });
        assert_ne!(first.hash(), other.hash());
    }

    #[test]
    fn a_damaged_file_is_told_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let find = || cached(&shapes(90, 1), &quick(), Some(folder.path()), &Cancel::default()).unwrap();
        let (first, _) = find();
        let path = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        let good = fs::read(&path).unwrap();
        let mut flipped = good.clone();
        *flipped.last_mut().unwrap() ^= 1;
        for bad in [&b"no such format"[..], &good[..good.len() / 2], &flipped, b""] {
            fs::write(&path, bad).unwrap();
            let (again, origin) = find();
            let Origin::Trained { trouble: Some(trouble) } = origin else {
                panic!("{origin:?}");
            };
            assert!(trouble.contains("trained again"), "{trouble}");
            assert_eq!((again.hash(), fs::read(&path).unwrap()), (first.hash(), good.clone()));
        }
    }

    #[test]
    fn a_cache_that_cannot_be_written_costs_nothing_but_time() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        for (place, expected) in [(Some(file.join("below")), "cannot be kept"), (None, "XDG_CACHE_HOME")] {
            let (classifier, origin) = cached(&shapes(90, 1), &quick(), place.as_deref(), &Cancel::default()).unwrap();
            assert!(classifier.accuracy(&shapes(30, 2)) > 0.5);
            let Origin::Trained { trouble: Some(trouble) } = origin else {
                panic!("{origin:?}");
            };
            assert!(trouble.contains(expected), "{trouble}");
        }
    }

    #[test]
    fn the_cache_is_where_the_user_keeps_caches() {
        let of = |cache: Option<&str>, home: Option<&str>| folder(cache.map(Into::into), home.map(Into::into));
        assert_eq!(of(Some("/c"), Some("/h")), Some("/c/ebm/classifiers".into()));
        assert_eq!(of(Some("relative"), Some("/h")), Some("/h/.cache/ebm/classifiers".into()));
        assert_eq!(of(None, None), None);
    }
}
