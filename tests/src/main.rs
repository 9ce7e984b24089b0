//! The program as a third party builds it from the library, with faults on demand, for the tests of the command line.

#[global_allocator]
static ALLOCATOR: ebm_cli::Allocator = ebm_cli::Allocator;

fn main() -> std::process::ExitCode {
    ebm_tests::faults::from_environment();
    ebm_cli::run()
}
