//! The program `ebm` with the bounds that come with it.

#[global_allocator]
static ALLOCATOR: ebm_cli::Allocator = ebm_cli::Allocator;

fn main() -> std::process::ExitCode {
    ebm_cli::run()
}
