//! The program `ebm` with the bounds that come with it.

ebm_cli::main!();
