//! The fenced blocks of a documentation comment.

/// What rustdoc runs.
const RUNS: [&str; 3] = ["rust", "should_panic", "standalone_crate"];
/// What it compiles at most, though it is to run.
const IDLE: [&str; 2] = ["no_run", "ignore"];

/// A fenced block.
pub struct Block {
    /// What stands behind the opening fence.
    pub tags: String,
    code: String,
}

/// The fenced blocks of `docs`, in order.
pub fn blocks(docs: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for line in docs.lines() {
        match (line.trim_start().strip_prefix("```"), open.as_mut()) {
            (Some(tags), None) => {
                open = Some(Block {
                    tags: tags.trim().into(),
                    code: String::new(),
                });
            }
            (Some(_), Some(_)) => found.extend(open.take()),
            (None, Some(block)) => {
                block.code.push_str(line);
                block.code.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

impl Block {
    fn tags(&self) -> impl Iterator<Item = &str> {
        self.tags.split([',', ' ']).filter(|tag| !tag.is_empty())
    }

    /// Whether it is Rust, run or not.
    pub fn is_code(&self) -> bool {
        self.tags().all(|tag| RUNS.contains(&tag) || IDLE.contains(&tag))
    }

    /// Whether rustdoc runs it.
    pub fn runs(&self) -> bool {
        self.tags().all(|tag| RUNS.contains(&tag))
    }

    /// Whether it can fail.
    pub fn asserts(&self) -> bool {
        self.code.contains("assert") || self.tags().any(|tag| tag == "should_panic")
    }

    /// Whether `name` is among its words.
    pub fn names(&self, name: &str) -> bool {
        self.code
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .any(|word| word == name)
    }
}
