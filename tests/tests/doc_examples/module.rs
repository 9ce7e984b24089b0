//! The modules of a crate, as its files have them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use syn::{UseTree, Visibility};

use crate::item::{self, Item};

/// A module.
#[derive(Default)]
pub struct Module {
    /// The file that it is in, as messages name it.
    pub file: String,
    /// Its path, with the crate's name first.
    pub path: Vec<String>,
    pub docs: String,
    pub is_public: bool,
    pub items: Vec<Item>,
    pub uses: Vec<Use>,
    pub modules: BTreeMap<String, Module>,
    /// Exported macros of this module, which are at the root of the crate.
    pub macros: Vec<Item>,
}

/// A public import of one name, or of all.
pub struct Use {
    pub path: Vec<String>,
    /// The name that it has here; `None`: everything in the module that the path leads to.
    pub name: Option<String>,
}

impl Module {
    /// The library of the crate in a folder.
    pub fn of_crate(name: &str, folder: &Path) -> Self {
        let source = folder.join("src");
        let mut root = Self {
            path: vec![name.into()],
            is_public: true,
            ..Self::default()
        };
        root.read(&source.join("lib.rs"), &source);
        root
    }

    /// Whether a macro of this name is exported from here or from a module within.
    pub fn exports(&self, name: &str) -> bool {
        self.macros.iter().any(|item| item.name == name) || self.modules.values().any(|child| child.exports(name))
    }

    fn read(&mut self, file: &Path, children: &Path) {
        let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let parsed = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        self.file = file.display().to_string();
        self.docs.push_str(&item::docs(&parsed.attrs));
        self.take(parsed.items, children);
    }

    fn take(&mut self, items: Vec<syn::Item>, children: &Path) {
        for item in items {
            if item::is_left_out(item::attributes(&item)) {
                continue;
            }
            self.macros.extend(Item::exported_macro(&item));
            if let Some(found) = Item::of(&item) {
                match self.items.iter_mut().find(|i| i.name == found.name) {
                    Some(twin) => twin.docs.push_str(&found.docs),
                    None => self.items.push(found),
                }
            }
            match item {
                syn::Item::Mod(module) => self.add(module, children),
                syn::Item::Use(import) if matches!(import.vis, Visibility::Public(_)) => {
                    follow(&import.tree, &mut Vec::new(), &mut self.uses);
                }
                _ => {}
            }
        }
    }

    fn add(&mut self, module: syn::ItemMod, children: &Path) {
        let name = module.ident.to_string();
        let mut path = self.path.clone();
        path.push(name.clone());
        let mut child = Self {
            file: self.file.clone(),
            path,
            docs: item::docs(&module.attrs),
            is_public: matches!(module.vis, Visibility::Public(_)),
            ..Self::default()
        };
        let folder = children.join(&name);
        match module.content {
            Some((_, items)) => child.take(items, &folder),
            None => child.read(&file_of(&folder), &folder),
        }
        self.modules.insert(name, child);
    }
}

/// `folder.rs`, or else `folder/mod.rs`.
fn file_of(folder: &Path) -> PathBuf {
    let beside = folder.with_extension("rs");
    if beside.exists() { beside } else { folder.join("mod.rs") }
}

fn follow(tree: &UseTree, path: &mut Vec<String>, uses: &mut Vec<Use>) {
    let named = |path: &[String], last: String, name: String| Use {
        path: path.iter().cloned().chain([last]).collect(),
        name: Some(name),
    };
    match tree {
        UseTree::Path(step) => {
            path.push(step.ident.to_string());
            follow(&step.tree, path, uses);
            path.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| follow(tree, path, uses)),
        UseTree::Name(leaf) if leaf.ident == "self" => uses.push(Use {
            name: path.last().cloned(),
            path: path.clone(),
        }),
        UseTree::Name(leaf) => uses.push(named(path, leaf.ident.to_string(), leaf.ident.to_string())),
        UseTree::Rename(leaf) => uses.push(named(path, leaf.ident.to_string(), leaf.rename.to_string())),
        UseTree::Glob(_) => uses.push(Use {
            path: path.clone(),
            name: None,
        }),
    }
}
