//! Damage to inputs that were good.

use super::dice::Dice;

/// The longest input, in bytes.
pub const LONGEST: usize = (64 << 10) - 1;

/// One of the examples, damaged in up to four ways. `words` are words of the format, two spaces apart.
pub fn mutated(dice: &mut Dice, examples: &[Vec<u8>], words: &str) -> Vec<u8> {
    let words: Vec<&str> = words.split("  ").collect();
    let mut bytes = examples[dice.below(examples.len())].clone();
    for _ in 0..=dice.below(4) {
        damage(dice, &mut bytes, examples, &words);
    }
    bytes.truncate(LONGEST);
    bytes
}

/// Random bytes, mostly few.
pub fn noise(dice: &mut Dice) -> Vec<u8> {
    let length = dice.few(10);
    (0..length).map(|_| dice.next() as u8).collect()
}

fn damage(dice: &mut Dice, bytes: &mut Vec<u8>, examples: &[Vec<u8>], words: &[&str]) {
    let place = dice.below(bytes.len() + 1);
    match dice.below(12) {
        0 => flip(dice, bytes, place),
        1 => bytes.truncate(place),
        2 => drop(bytes.drain(range(dice, place, bytes.len()))),
        3 => {
            let copy = bytes[range(dice, place, bytes.len())].to_vec();
            insert(bytes, place, &copy);
        }
        4 | 5 => insert(bytes, place, dice.pick(words).as_bytes()),
        6 => length_field(dice, bytes),
        7 => {
            let other = &examples[dice.below(examples.len())];
            bytes.truncate(place);
            bytes.extend_from_slice(&other[dice.below(other.len() + 1)..]);
        }
        8 | 9 => number(dice, bytes),
        10 => {
            let unit =
                dice.pick(&["[", "(", "{", "\"", "'", "[[", "{\"a\":", "[(", "a.", "#", "\n", ",", "-", "9", " "]);
            let times = dice.few(14);
            insert(bytes, place, unit.repeat(times).as_bytes());
        }
        _ => insert(bytes, place, &[dice.next() as u8]),
    }
}

fn flip(dice: &mut Dice, bytes: &mut [u8], place: usize) {
    if let Some(byte) = bytes.get_mut(place) {
        *byte ^= 1 << dice.below(8);
    }
}

fn range(dice: &mut Dice, start: usize, end: usize) -> std::ops::Range<usize> {
    start..(start + dice.few(6)).min(end)
}

fn insert(bytes: &mut Vec<u8>, place: usize, piece: &[u8]) {
    bytes.splice(place..place, piece.iter().copied());
}

/// Overwrites an integer of 1 to 8 bytes, most often where formats have their lengths.
fn length_field(dice: &mut Dice, bytes: &mut [u8]) {
    let place = match dice.below(4) {
        0 => 0,
        1 => 8,
        _ => dice.below(bytes.len()),
    };
    let value = match dice.below(3) {
        0 => (bytes.len() as u64 + dice.below(5) as u64).wrapping_sub(2),
        _ => dice.awkward(),
    };
    let width = 1 << dice.below(4);
    for (byte, new) in bytes.iter_mut().skip(place).zip(&value.to_le_bytes()[..width]) {
        *byte = *new;
    }
}

/// Replaces a number that is written in digits.
fn number(dice: &mut Dice, bytes: &mut Vec<u8>) {
    let is_start = |i: &usize| bytes[*i].is_ascii_digit() && (*i == 0 || !bytes[*i - 1].is_ascii_digit());
    let starts: Vec<usize> = (0..bytes.len()).filter(is_start).collect();
    if starts.is_empty() {
        return;
    }
    let start = starts[dice.below(starts.len())];
    let length = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    bytes.splice(start..start + length, dice.awkward_text().into_bytes());
}

#[test]
fn most_damage_leaves_a_trace_and_none_makes_an_input_too_long() {
    let example = b"seed = 1234\n[train]\nsteps = 10\n".to_vec();
    let mut changed = 0;
    for number in 0..2000 {
        let input = mutated(&mut Dice::new("test", number), std::slice::from_ref(&example), "steps");
        assert!(input.len() <= LONGEST);
        changed += usize::from(input != example);
    }
    assert!(changed > 1500, "{changed}");
}
