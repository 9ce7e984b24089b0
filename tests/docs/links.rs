//! Links lead somewhere.

use ebm_tests::book::{Page, book, pages, root};

/// Why a link of a page leads nowhere.
fn broken(page: &Page, link: &str) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = match file {
        "" => root().join(&page.name),
        file => root().join(&page.name).with_file_name(file),
    };
    let Ok(target) = target.canonicalize() else {
        return Some(format!("there is no {file}"));
    };
    let name = target.strip_prefix(root()).unwrap().to_str().unwrap();
    if page.name.starts_with("docs/") && !name.starts_with("docs/src") {
        return Some(format!("{name} is no part of the book"));
    }
    let known = anchor.is_empty() || Page::read(name).anchors().iter().any(|one| one == anchor);
    (!known).then(|| format!("{name} has no heading #{anchor}"))
}

#[test]
fn every_link_leads_to_a_file_and_to_a_heading_of_it() {
    let mut found = 0;
    let mut faults = Vec::new();
    for page in pages() {
        for (link, place) in page.links() {
            found += 1;
            faults.extend(broken(&page, &link).map(|fault| format!("{place}: {link}: {fault}")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(found > 50);
}

#[test]
fn a_broken_link_is_found() {
    let page = Page::read("docs/src/bounds/gp.md");
    for (link, fault) in [
        ("../modles.md", "there is no"),
        ("../models.md#activatons", "has no heading"),
        ("#the-certified-from", "has no heading"),
        ("../../../README.md", "no part of the book"),
    ] {
        assert!(broken(&page, link).is_some_and(|told| told.contains(fault)), "{link}");
    }
}

#[test]
fn the_summary_names_every_page_once() {
    let summary = Page::read("docs/src/SUMMARY.md");
    let links = summary.links().into_iter();
    let mut named: Vec<_> = links.map(|(link, _)| format!("docs/src/{link}")).collect();
    named.sort();
    let names = book().into_iter().map(|page| page.name);
    let there: Vec<_> = names.filter(|name| *name != summary.name).collect();
    assert_eq!(named, there);
}
