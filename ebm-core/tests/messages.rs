//! What does not compile, and what the compiler says: each of `messages/*.rs` has one mistake, and beside it the message,
//! which must name the way out.
//!
//! `TRYBUILD=overwrite cargo test -p ebm-core --test messages` writes the messages anew, for another compiler.

#[test]
fn mistakes_do_not_compile_and_the_message_names_the_way_out() {
    trybuild::TestCases::new().compile_fail("tests/messages/*.rs");
}
