//! The commands of a block of shell script.

use ebm_tests::book::page::Block;

/// One command.
#[derive(Debug, PartialEq)]
pub struct Command {
    pub program: String,
    pub arguments: Vec<String>,
}

/// The commands of a script, in order, without comments, variables and redirections.
pub fn commands(block: &Block) -> Vec<Command> {
    let script = block.text.replace("\\\n", " ");
    let words = |line: &str| shlex::split(line).unwrap_or_else(|| panic!("{}: {line}", block.place));
    let mut commands = Vec::new();
    for line in script.lines() {
        for words in words(line).split(|word| ["&&", "||", "|", ";", "&"].contains(&word.as_str())) {
            let end = words.iter().position(|word| word == ">").unwrap_or(words.len());
            let mut words = words[..end].iter().skip_while(|word| sets_a_variable(word)).cloned();
            if let Some(program) = words.next() {
                let arguments = words.collect();
                commands.push(Command { program, arguments });
            }
        }
    }
    commands
}

fn sets_a_variable(word: &str) -> bool {
    let name = word.split_once('=').map(|(name, _)| name);
    name.is_some_and(|name| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit())
    })
}

#[test]
fn a_script_is_taken_apart_as_a_shell_does() {
    let block = Block {
        place: "p.md:1".into(),
        start: 0,
        tags: vec!["sh".into()],
        text: "A_B=1 ebm x --set 'a=[1, 2]' > y.toml   # words\ncd z && ebm \\\n  u & ebm v\n".into(),
    };
    let found: Vec<_> =
        commands(&block).into_iter().map(|command| (command.program, command.arguments.join("|"))).collect();
    let expected = [("ebm", "x|--set|a=[1, 2]"), ("cd", "z"), ("ebm", "u"), ("ebm", "v")];
    assert_eq!(found, expected.map(|(program, arguments)| (program.to_string(), arguments.to_string())));
}
