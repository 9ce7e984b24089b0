//! Checks that the program's output and the files that a page shows are the real ones. An insert begins with one of
//!
//! ```text
//! <!-- prints: ebm bounds list -->                what the program prints
//! <!-- within: ebm config show run.toml -->       lines that are within what it prints, chosen by hand
//! <!-- from: noise-floor/src/lib.rs -->           a file of the workspace, or of a crate that `ebm new bound` writes
//! <!-- from: noise-floor/src/lib.rs: fn check --> the item that begins with this line, with its comment
//! ```
//!
//! and ends with `<!-- end -->`. Inside a fence it is code, else Markdown.

use anyhow::{Context, bail, ensure};
use std::fs;

use crate::command::{Folder, words};
use ebm_tests::book::{Page, book, pages, root};

const END: &str = "<!-- end -->";

/// The crates whose files can be shown: those of the tutorials.
const CRATES: [(&str, &str); 2] = [("noise-floor", "--lower"), ("calm-energy", "--upper")];

/// The folder that the program runs in: with new crates, and with a configuration in which everything has its default.
fn sources() -> Folder {
    let folder = Folder::with("");
    for (name, side) in CRATES {
        folder.succeed(&format!("new bound {name} {side}"));
    }
    folder
}

/// An insert of a page: the request of its marker, and its present text, without the fence.
struct Insert<'a> {
    place: String,
    kind: &'a str,
    source: &'a str,
    /// The line that opens the fence; empty if there is no fence.
    fence: &'a str,
    body: &'a str,
    /// All that stands between the markers.
    range: std::ops::Range<usize>,
}

fn inserts(page: &Page) -> Vec<Insert<'_>> {
    let text = page.text.as_str();
    let mut found = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at + line.len();
        let place = page.place(at);
        at = start;
        let marker = line.trim_end().strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"));
        let Some((kind, source)) = marker.and_then(|marker| marker.split_once(": ")) else {
            continue;
        };
        let length = text[start..].find(END).unwrap_or_else(|| panic!("{place}: no {END}"));
        let range = start..start + length;
        let whole = text[range.clone()].trim();
        let (fence, body) = match whole.starts_with("```") {
            true => whole.split_once('\n').unwrap_or((whole, "")),
            false => ("", whole),
        };
        let body = body.trim_end_matches("```").trim_end();
        found.push(Insert { place, kind, source, fence, body, range });
    }
    found
}

/// The program's output, on whichever stream. Variables of the environment may stand before its name.
fn printed(folder: &Folder, command: &str) -> String {
    let words = words(command);
    let (variables, rest) = words.split_at(words.iter().position(|word| word == "ebm").unwrap());
    let variables = variables.iter().map(|word| word.split_once('=').unwrap());
    let output = folder.ebm("").args(&rest[1..]).envs(variables).output().unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

/// A file of a new crate or of the workspace.
fn file(folder: &Folder, name: &str) -> String {
    let mut crates = CRATES.iter().map(|(name, _)| format!("{name}/"));
    let new = crates.any(|folder| name.starts_with(&folder));
    let path = if new { folder.path(name) } else { root().join(name) };
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The item whose line has this text: from the comments and attributes above it to where its brackets are closed.
fn item(text: &str, beginning: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let named = lines.iter().position(|line| line.trim_start().starts_with(beginning))?;
    let above = |line: &&&str| line.trim_start().starts_with("///") || line.trim_start().starts_with("#[");
    let start = named - lines[..named].iter().rev().take_while(above).count();
    let mut open = 0i64;
    let closed = |line: &&str| {
        let count = |brackets: [char; 3]| line.matches(brackets).count() as i64;
        open += count(['(', '[', '{']) - count([')', ']', '}']);
        open == 0
    };
    let end = named + lines[named..].iter().position(closed)?;
    let indent = lines[named].len() - lines[named].trim_start().len();
    let shifted = |line: &&str| line.get(indent..).unwrap_or("").to_string();
    Some(lines[start..=end].iter().map(shifted).collect::<Vec<_>>().join("\n"))
}

/// Returns the text that an insert should hold.
fn due(insert: &Insert<'_>, folder: &Folder) -> anyhow::Result<String> {
    let place = &insert.place;
    match insert.kind {
        "prints" => Ok(printed(folder, insert.source)),
        "from" => match insert.source.split_once(": ") {
            None => Ok(file(folder, insert.source)),
            Some((name, beginning)) => item(&file(folder, name), beginning)
                .with_context(|| format!("{place}: nothing in {name} begins with {beginning:?}")),
        },
        "within" => {
            let whole = printed(folder, insert.source);
            let mut printed = whole.lines();
            for line in insert.body.lines().filter(|line| !line.is_empty()) {
                ensure!(printed.any(|one| one == line), "{place}: not printed, or not in this order: {line}");
            }
            Ok(insert.body.into())
        }
        kind => bail!("{place}: unknown kind of insert {kind:?}"),
    }
}

/// The page as it should be.
fn renewed(page: &Page, folder: &Folder) -> anyhow::Result<String> {
    let mut text = page.text.clone();
    for insert in inserts(page).iter().rev() {
        let body = due(insert, folder)?;
        let body = body.trim_end();
        let shown = match insert.fence {
            "" => format!("\n{body}\n\n"),
            fence => format!("\n{fence}\n{body}\n```\n\n"),
        };
        text.replace_range(insert.range.clone(), &shown);
    }
    Ok(text)
}

#[test]
fn what_is_inserted_is_what_its_source_has() {
    let folder = sources();
    let mut faults = Vec::new();
    for page in pages() {
        match renewed(&page, &folder) {
            Err(fault) => faults.push(fault.to_string()),
            Ok(text) if text == page.text => {}
            Ok(text) if std::env::var_os("REGENERATE_BOOK").is_some() => {
                fs::write(root().join(&page.name), text).unwrap();
            }
            Ok(text) => {
                let pairs = page.text.lines().zip(text.lines());
                let at = pairs.take_while(|(there, due)| there == due).count();
                let line = |text: &str| text.lines().nth(at).unwrap_or("").to_string();
                let (name, there, due) = (&page.name, line(&page.text), line(&text));
                faults.push(format!("{name}:{}: it says\n  {there}\nand should say\n  {due}", at + 1));
            }
        }
    }
    let way = "REGENERATE_BOOK=1 cargo test -p ebm-tests --test docs";
    assert!(faults.is_empty(), "{}\n({way} writes it anew)", faults.join("\n"));
}

#[test]
fn every_bound_and_every_section_has_its_reference_in_the_book() {
    let folder = Folder::with("");
    let whole = folder.succeed("config reference");
    let book = book();
    let shown: Vec<_> = book.iter().flat_map(inserts).map(|insert| insert.source).collect();
    let mut found = 0;
    for title in whole.lines().filter_map(|line| line.strip_prefix("## `")) {
        let place = title.replace(" = \"", ".").replace(['"', '`', '[', ']'], "");
        let command = format!("ebm config reference {place}");
        assert!(shown.contains(&command.as_str()), "no page has `{command}`");
        found += 1;
    }
    assert!(found > 20);
}

#[test]
fn an_item_is_cut_out_whole() {
    let text = "use a::{b, c};\n\nmod x {\n    /// What.\n    #[y]\n    fn z(\n        w: u8,\n    ) {\n        q()\n    }\n}\n";
    assert_eq!(item(text, "use a").unwrap(), "use a::{b, c};");
    assert_eq!(item(text, "fn z").unwrap(), "/// What.\n#[y]\nfn z(\n    w: u8,\n) {\n    q()\n}");
    assert_eq!(item(text, "fn nothing"), None);
}

#[test]
fn an_insert_is_renewed_and_what_stands_around_it_is_kept() {
    let folder = Folder::with("");
    let page = |text: &str| Page { name: "p.md".into(), text: text.into() };
    let stale = page("a\n\n<!-- prints: ebm --version -->\n\n```text\nold\n```\n\n<!-- end -->\n\nb\n");
    let version = folder.succeed("--version");
    let expected = format!("a\n\n<!-- prints: ebm --version -->\n\n```text\n{version}```\n\n<!-- end -->\n\nb\n");
    assert_eq!(renewed(&stale, &folder).unwrap(), expected);
    assert_eq!(renewed(&page(&expected), &folder).unwrap(), expected);
    let within =
        |line: &str| format!("<!-- within: ebm config show run.toml -->\n\n```toml\n{line}\n```\n\n<!-- end -->\n");
    assert!(renewed(&page(&within("seed = 0  # default")), &folder).is_ok());
    assert!(renewed(&page(&within("seed = 1  # default")), &folder).is_err());
}
