//! The pages of the book and the README: read by the tests, and their Rust code compiled as documentation tests.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use std::path::{Path, PathBuf};
use std::{fs, ops::Range};

/// The pages whose code is compiled.
pub const PAGES: [&str; 2] = ["README.md", "docs/src/conformance.md"];

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}

#[cfg(doctest)]
#[doc = include_str!("../../docs/src/conformance.md")]
mod conformance {}

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// The packages of the workspace: those without a source in the lock file.
pub fn packages() -> Vec<String> {
    let lock: toml::Table = fs::read_to_string(root().join("Cargo.lock")).unwrap().parse().unwrap();
    let packages = lock["package"].as_array().unwrap().iter();
    let own = packages.filter(|package| package.get("source").is_none());
    own.map(|package| package["name"].as_str().unwrap().to_string()).collect()
}

/// A Markdown file.
pub struct Page {
    /// Its path within the workspace.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// A fenced block of code.
pub struct Block {
    /// Page and line, for messages.
    pub place: String,
    /// Position of its start in the page's text.
    pub start: usize,
    /// The words after the fence: the language, then further tags.
    pub tags: Vec<String>,
    /// The text between the fences.
    pub text: String,
}

impl Block {
    /// The first of the tags.
    pub fn language(&self) -> &str {
        self.tags.first().map_or("", String::as_str)
    }
}

impl Page {
    /// A file of the workspace.
    pub fn read(name: &str) -> Self {
        let text = fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let name = name.to_string();
        Self { name, text }
    }

    /// Page and line of a place in the text.
    pub fn place(&self, offset: usize) -> String {
        let line = 1 + self.text[..offset].matches('\n').count();
        format!("{}:{line}", self.name)
    }

    fn events(&self) -> impl Iterator<Item = (Event<'_>, Range<usize>)> {
        Parser::new_ext(&self.text, Options::ENABLE_TABLES).into_offset_iter()
    }

    /// The blocks of code, in order.
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut inside = false;
        for (event, range) in self.events() {
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    let tags = match kind {
                        CodeBlockKind::Fenced(tags) => tags.split(',').map(|tag| tag.trim().to_string()).collect(),
                        CodeBlockKind::Indented => Vec::new(),
                    };
                    blocks.push(Block {
                        place: self.place(range.start),
                        start: range.start,
                        tags,
                        text: String::new(),
                    });
                    inside = true;
                }
                Event::Text(text) if inside => blocks.last_mut().unwrap().text.push_str(&text),
                Event::End(TagEnd::CodeBlock) => inside = false,
                _ => {}
            }
        }
        blocks
    }

    /// The targets of links and pictures, with their places.
    pub fn links(&self) -> Vec<(String, String)> {
        self.placed(|event| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some(dest_url.to_string()),
            _ => None,
        })
    }

    /// Code within the running text, with its places.
    pub fn code_spans(&self) -> Vec<(String, String)> {
        self.placed(|event| match event {
            Event::Code(code) => Some(code.to_string()),
            _ => None,
        })
    }

    fn placed(&self, text: impl Fn(Event<'_>) -> Option<String>) -> Vec<(String, String)> {
        self.events().filter_map(|(event, range)| Some((text(event)?, self.place(range.start)))).collect()
    }

    /// Anchors of the headings: their words in lower case, joined by hyphens; the second of a name gets `-1`.
    pub fn anchors(&self) -> Vec<String> {
        let mut anchors: Vec<String> = Vec::new();
        let mut heading: Option<String> = None;
        for (event, _) in self.events() {
            match (event, &mut heading) {
                (Event::Start(Tag::Heading { .. }), _) => heading = Some(String::new()),
                (Event::Text(text) | Event::Code(text), Some(words)) => words.push_str(&text),
                (Event::End(TagEnd::Heading(_)), Some(words)) => {
                    let anchor = anchor(words);
                    let before = anchors.iter().filter(|one| unnumbered(one) == anchor).count();
                    anchors.push(match before {
                        0 => anchor,
                        n => format!("{anchor}-{n}"),
                    });
                    heading = None;
                }
                _ => {}
            }
        }
        anchors
    }
}

fn anchor(words: &str) -> String {
    let letter = |letter: char| match letter {
        _ if letter.is_alphanumeric() || "_-".contains(letter) => Some(letter.to_ascii_lowercase()),
        _ if letter.is_whitespace() => Some('-'),
        _ => None,
    };
    words.chars().filter_map(letter).collect()
}

fn unnumbered(anchor: &str) -> &str {
    match anchor.rsplit_once('-') {
        Some((name, number)) if number.parse::<usize>().is_ok() => name,
        _ => anchor,
    }
}

/// The pages of the book.
pub fn book() -> Vec<Page> {
    let mut names = Vec::new();
    let mut folders = vec!["docs/src".to_string()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{folder}/{}", entry.file_name().into_string().unwrap());
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(name),
                false if name.ends_with(".md") => names.push(name),
                false => {}
            }
        }
    }
    names.sort();
    names.iter().map(|name| Page::read(name)).collect()
}

/// All pages that are checked: the book, the README, the guide for contributors.
pub fn pages() -> Vec<Page> {
    let mut pages = book();
    pages.extend(["README.md", "CONTRIBUTING.md"].map(Page::read));
    pages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_as_it_is_rendered() {
        let text = "# One `two`, three!\n\n[a](b.md#c)\n\n## Same\n\n## Same\n\n```sh,x\nebm --help # <b>\n```\n";
        let page = Page { name: "p.md".into(), text: text.into() };
        assert_eq!(page.anchors(), ["one-two-three", "same", "same-1"]);
        assert_eq!(page.links(), [("b.md#c".to_string(), "p.md:3".to_string())]);
        assert_eq!(page.code_spans()[0].0, "two");
        let blocks = page.blocks();
        assert_eq!((blocks[0].place.as_str(), blocks[0].text.as_str()), ("p.md:9", "ebm --help # <b>\n"));
        assert_eq!(blocks[0].tags, ["sh", "x"]);
    }
}
