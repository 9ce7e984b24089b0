//! Rust code is compiled, or quoted from code that is.

use std::collections::BTreeSet;

use ebm_tests::book::page::{Page, pages};

#[test]
fn every_page_with_rust_code_is_compiled() {
    let compiled = |page: &Page| page.blocks().iter().any(|block| block.language() == "rust" && !ignored(&block.tags));
    let pages = pages();
    let found: BTreeSet<_> = pages.iter().filter(|page| compiled(page)).map(|page| page.name.as_str()).collect();
    assert_eq!(found, ebm_tests::book::PAGES.into());
}

fn ignored(tags: &[String]) -> bool {
    tags.iter().any(|tag| tag == "ignore")
}

/// Code that is not compiled is quoted from a crate that is: an insert.
#[test]
fn code_that_is_not_compiled_is_quoted() {
    for page in pages() {
        for block in page.blocks().into_iter().filter(|block| ignored(&block.tags)) {
            let before = page.text[..block.start].trim_end().lines().next_back().unwrap_or("");
            assert!(before.starts_with("<!-- from: "), "{}", block.place);
        }
    }
}
