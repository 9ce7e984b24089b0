use std::path::{Path, PathBuf};

use super::images::{CIFAR_ADVICE, Cifar, Idx, is_image};

/// Names Parquet and Arrow files, with the way out.
pub(super) const COLUMNAR: &str = "Parquet or Arrow files, as datasets of Hugging Face have them, which are not read; in Python, \
                                   write tables by datasets.load_dataset(...)[\"train\"].to_csv(\"train.csv\"), and each image into a \
                                   folder of its class: row[\"image\"].save(f\"train/{row['label']}/{number}.png\")";

/// Names the layout of a folder that has data which no kind reads as they are, with the way out.
pub(super) fn unread_layout(folder: &Path) -> Option<String> {
    let below = folders(folder);
    if is_python_cifar(folder) {
        return Some(format!("it holds CIFAR for Python, which is not read; {CIFAR_ADVICE}"));
    }
    nested(&below).or_else(|| columnar(folder, &below)).or_else(|| parts(&below))
}

/// Whether it is cifar-10-batches-py or cifar-100-python, whose files are those of `pickle`.
fn is_python_cifar(folder: &Path) -> bool {
    let has = |file: &str| folder.join(file).is_file();
    has("data_batch_1") || (has("meta") && has("train"))
}

/// Names data that are a folder or two further down, where torchvision puts them: ROOT/MNIST/raw, ROOT/cifar-10-batches-py.
fn nested(below: &[PathBuf]) -> Option<String> {
    let all = below.iter().flat_map(|folder| [folder.clone(), folder.join("raw")]);
    let named = |folders: Vec<PathBuf>| {
        let names: Vec<_> = folders.iter().map(|folder| folder.display().to_string()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let read = named(all.filter(|folder| Idx::recognises(folder) || Cifar::recognises(folder)).collect());
    let python = named(below.iter().filter(|folder| is_python_cifar(folder)).cloned().collect());
    let read = read.map(|names| format!("the data are in a folder within it; name that: {names}"));
    let python = python
        .map(|names| format!("a folder within it holds CIFAR for Python, which is not read: {names}; {CIFAR_ADVICE}"));
    let told: Vec<_> = [read, python].into_iter().flatten().collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// Names the files of Hugging Face, in the folder or in one below it, such as `data`. Tables beside images are none.
fn columnar(folder: &Path, below: &[PathBuf]) -> Option<String> {
    let folders = [folder].into_iter().chain(below.iter().map(PathBuf::as_path));
    let mut found = false;
    for file in folders.flat_map(entries) {
        if is_image(&file) {
            return None;
        }
        found |= file.extension().is_some_and(|extension| extension == "parquet" || extension == "arrow");
    }
    found.then(|| format!("it holds {COLUMNAR}"))
}

/// Names folders for training and testing, which would be taken for classes.
fn parts(below: &[PathBuf]) -> Option<String> {
    const TRAINING: [&str; 2] = ["train", "training"];
    const OTHERS: [&str; 6] = ["test", "testing", "val", "valid", "validation", "eval"];
    let called = |names: &[&str]| {
        let is_called = |folder: &&PathBuf, name: &str| folder.file_name().is_some_and(|found| found == name);
        names.iter().find_map(|name| below.iter().find(|folder| is_called(folder, name)))
    };
    let (training, other) = (called(&TRAINING)?, called(&OTHERS)?);
    let known = [&TRAINING[..], &OTHERS].concat();
    let is_part = |folder: &PathBuf| folder.file_name().is_some_and(|name| known.iter().any(|known| name == *known));
    below.iter().all(is_part).then(|| {
        format!(
            "its folders are parts of a data set and no classes; name them: path = {:?}, held_out_path = {:?}",
            training.display().to_string(),
            other.display().to_string()
        )
    })
}

/// The folders in a folder that are not hidden, in the order of their names.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let is_hidden = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let mut folders: Vec<_> = entries(folder).filter(|path| !is_hidden(path) && path.is_dir()).collect();
    folders.sort();
    folders
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{load, refused};
    use crate::{ImageFolder, Npz, StackedMnist, recognise};
    use ebm_core::registry::DatasetSpec;

    /// A folder with files below it, each of a byte.
    fn with(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"x").unwrap();
        }
        folder
    }

    /// Refused by `ebm data check` and by every kind that reads a folder, with these parts.
    fn told(files: &[&str], parts: &[&str]) {
        let folder = with(files);
        refused(recognise(folder.path()), parts);
        fn given<T: DatasetSpec>(config: T, folder: &Path, parts: &[&str]) {
            refused(load(folder, &config), parts);
        }
        given(ImageFolder { path: ".".into(), ..Default::default() }, folder.path(), parts);
        given(Idx { path: ".".into(), ..Default::default() }, folder.path(), parts);
        given(Cifar { path: ".".into(), ..Default::default() }, folder.path(), parts);
        given(Npz { path: ".".into(), ..Default::default() }, folder.path(), parts);
        given(StackedMnist { path: ".".into(), ..Default::default() }, folder.path(), parts);
    }

    #[test]
    fn cifar_for_python_is_told_with_the_other_version() {
        const BINARY: &str = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz";
        for files in [&["data_batch_1", "batches.meta"][..], &["meta", "train", "test"]] {
            told(files, &["it holds CIFAR for Python, which is not read", BINARY]);
        }
        let nested = ["cifar-10-batches-py/data_batch_1", "cifar-10-python.tar.gz"];
        told(&nested, &["a folder within it holds CIFAR for Python", "cifar-10-batches-py; ", BINARY]);
    }

    #[test]
    fn data_further_down_are_named() {
        let mnist = ["MNIST/raw/train-images-idx3-ubyte", "MNIST/raw/train-labels-idx1-ubyte"];
        told(&mnist, &["name that: ", "MNIST/raw"]);
        told(&["raw/train-images-idx3-ubyte.gz"], &["name that: ", "raw"]);
        told(&["cifar-10-batches-bin/data_batch_1.bin"], &["name that: ", "cifar-10-batches-bin"]);
        let both = ["MNIST/raw/train-images-idx3-ubyte", "FashionMNIST/raw/train-images-idx3-ubyte", "py/data_batch_1"];
        told(&both, &["FashionMNIST/raw, ", "/MNIST/raw; a folder within it holds CIFAR for Python", "py"]);
    }

    #[test]
    fn layouts_of_hugging_face_are_named_with_what_to_write_or_to_name() {
        for files in [
            &["README.md", "data/train-00000-of-00001.parquet"][..],
            &["train-00000-of-00001.parquet"],
            &["dataset_dict.json", "train/data-00000-of-00001.arrow", "test/data-00000-of-00001.arrow"],
        ] {
            told(files, &["Parquet or Arrow files", "Hugging Face", "to_csv", "row[\"image\"].save"]);
        }
        for files in [&["train/cat/0.png", "test/cat/0.png"][..], &["train/0.jpg", "test/0.jpg", "val/0.jpg"]] {
            told(files, &["parts of a data set and no classes", "/train\", held_out_path = ", "/test\""]);
        }
        told(&["train/0.jpg", "validation/0.jpg"], &["/train\", held_out_path = ", "/validation\""]);
    }

    #[test]
    fn other_folders_are_left_to_their_readers() {
        for files in [
            &["cat/0.png", "dog/0.png"][..],
            &["train/0.png", "car/0.png", "test/0.png"],
            &["train/0.png"],
            &["cat/0.png", "metadata.parquet"],
            &["0.png", "data/a.parquet"],
            &["a.npz"],
            &[],
        ] {
            assert_eq!(unread_layout(with(files).path()), None, "{files:?}");
        }
        assert_eq!(unread_layout("/nowhere".as_ref()), None);
    }
}
