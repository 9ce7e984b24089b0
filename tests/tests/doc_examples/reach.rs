//! What can be named from outside a crate.

use std::collections::{BTreeMap, BTreeSet};

use crate::item::Item;
use crate::module::{Module, Use};

/// An item that can be named from outside.
pub struct Reached<'a> {
    /// A path that leads to it.
    pub path: String,
    pub item: &'a Item,
    /// The module that it is declared in.
    pub module: &'a Module,
    /// The public module that the path leads through last, whose documentation it may share.
    pub through: &'a Module,
}

/// Everything in a crate that can be named from outside, by the shortest path, each once.
pub fn reachable(root: &Module) -> Vec<Reached<'_>> {
    let mut walk = Walk {
        root,
        found: BTreeMap::new(),
        seen: BTreeSet::new(),
    };
    walk.module(root, root, &root.path.join("::"));
    walk.macros(root);
    let mut found: Vec<_> = walk.found.into_values().collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

struct Walk<'a> {
    root: &'a Module,
    /// By the place of the declaration.
    found: BTreeMap<String, Reached<'a>>,
    /// Modules, with the paths that they were reached by.
    seen: BTreeSet<(String, String)>,
}

impl<'a> Walk<'a> {
    /// Everything public in a module, which has the documentation of `through` outside, where `path` leads.
    fn module(&mut self, module: &'a Module, through: &'a Module, path: &str) {
        if !self.seen.insert((module.path.join("::"), path.into())) {
            return;
        }
        for item in module.items.iter().filter(|item| item.is_public) {
            self.item(module, through, item, format!("{path}::{}", item.name));
        }
        for (name, child) in module.modules.iter().filter(|(_, child)| child.is_public) {
            self.module(child, child, &format!("{path}::{name}"));
        }
        for import in &module.uses {
            self.import(module, through, import, path);
        }
    }

    fn item(&mut self, module: &'a Module, through: &'a Module, item: &'a Item, path: String) {
        let place = format!("{}::{}", module.path.join("::"), item.name);
        let known = self.found.get(&place);
        if known.is_none_or(|known| path.matches("::").count() < known.path.matches("::").count()) {
            let reached = Reached {
                path,
                item,
                module,
                through,
            };
            self.found.insert(place, reached);
        }
    }

    /// What an import in `module` makes public where `path` leads.
    fn import(&mut self, module: &'a Module, through: &'a Module, import: &Use, path: &str) {
        let Some((start, steps)) = self.start(module, &import.path) else {
            return; // of another crate
        };
        let (inner, last) = match &import.name {
            None => (steps, None),
            Some(name) => match steps.split_last() {
                None => return self.module(start, start, &format!("{path}::{name}")),
                Some((last, inner)) => (inner, Some((last, name))),
            },
        };
        let missing = || panic!("{}: {} is not found", module.path.join("::"), import.path.join("::"));
        let mut from = start;
        for step in inner {
            from = from.modules.get(step).unwrap_or_else(missing);
        }
        let Some((last, name)) = last else {
            return self.module(from, through, path);
        };
        let path = format!("{path}::{name}");
        if let Some(item) = from.items.iter().find(|item| item.name == *last) {
            self.item(from, through, item, path);
        } else if let Some(child) = from.modules.get(last) {
            self.module(child, child, &path);
        } else if let Some(next) = from.uses.iter().find(|next| next.name.as_ref() == Some(last)) {
            let renamed = Use {
                path: next.path.clone(),
                name: Some(name.clone()),
            };
            let parent = path.rsplit_once("::").map_or("", |(parent, _)| parent);
            self.import(from, through, &renamed, parent);
        } else if !(from.path == self.root.path && self.root.exports(last)) {
            missing();
        }
    }

    /// The module that a path starts at, and the steps from there.
    fn start<'p>(&self, module: &'a Module, path: &'p [String]) -> Option<(&'a Module, &'p [String])> {
        match path.first()?.as_str() {
            "crate" => Some((self.root, &path[1..])),
            "self" => Some((module, &path[1..])),
            "super" => {
                let mut parent = self.root;
                for step in &module.path[1..module.path.len() - 1] {
                    parent = &parent.modules[step];
                }
                Some((parent, &path[1..]))
            }
            first if module.modules.contains_key(first) => Some((module, path)),
            _ => None,
        }
    }

    /// Exported macros are at the root, wherever they are declared.
    fn macros(&mut self, module: &'a Module) {
        for item in &module.macros {
            self.item(module, self.root, item, format!("{}::{}", self.root.path[0], item.name));
        }
        module.modules.values().for_each(|child| self.macros(child));
    }
}
