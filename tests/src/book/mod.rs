//! The pages of the book and the README: read by the tests, and their Rust code compiled as documentation tests.

pub mod page;

macro_rules! pages {
    ($($module:ident: $page:literal),+ $(,)?) => {
        /// The pages whose code is compiled.
        pub const PAGES: [&str; [$($page),+].len()] = [$($page),+];

        $(
            #[cfg(doctest)]
            #[doc = include_str!(concat!("../../../", $page))]
            mod $module {}
        )+
    };
}

pages! {
    readme: "README.md",
    conformance: "docs/src/conformance.md",
}
