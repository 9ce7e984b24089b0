//! Decisions that are functions of a seed.

/// A sequence of decisions: splitmix64 (Steele, Lea and Flood, OOPSLA 2014).
pub struct Dice(u64);

impl Dice {
    /// The decisions about one input: its reader's name and its number.
    pub fn new(name: &str, number: u64) -> Self {
        // FNV-1a, so that no two readers decide alike.
        let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        Self(name.bytes().chain(number.to_le_bytes()).fold(0xcbf2_9ce4_8422_2325, mix))
    }

    /// Decisions that do not depend on how many more are made here.
    pub fn split(&mut self) -> Self {
        Self(self.next())
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `n`, or 0 for `n = 0`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    /// A number below `2^exponent`, most often a small one.
    pub fn few(&mut self, exponent: usize) -> usize {
        let bits = 1 + self.below(exponent);
        self.below(1 << bits)
    }

    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }

    /// One of several words, two spaces apart.
    pub fn word<'a>(&mut self, words: &'a str) -> &'a str {
        let words: Vec<&str> = words.split("  ").collect();
        self.pick(&words)
    }

    /// A number that readers like to stumble over: near a power of two, near the end of a type, or small.
    pub fn awkward(&mut self) -> u64 {
        match self.below(4) {
            0 => self.below(20) as u64,
            1 => (1u64 << self.below(64)).wrapping_add(self.below(3) as u64).wrapping_sub(1),
            2 => u64::MAX - self.below(20) as u64,
            _ => self.next() >> self.below(64),
        }
    }

    /// Such a number as text, sometimes one that is not a `u64`.
    pub fn awkward_text(&mut self) -> String {
        let number = self.awkward();
        match self.below(8) {
            0 => format!("-{number}"),
            1 => format!("{number}.5"),
            2 => format!("1e{}", number % 400),
            3 => format!("{number}{number}"),
            4 => self.word("nan  inf  -0.0  1e-320  0x10  1_000    null").to_string(),
            _ => number.to_string(),
        }
    }

    /// A text with an odd value in place of one of its parts; the parts are two spaces apart.
    pub fn with_oddity(&mut self, text: &str, parts: &str, odd: &str) -> Vec<u8> {
        text.replacen(self.word(parts), odd, 1).into_bytes()
    }

    /// A JSON value of another type than expected, or text that is not JSON at all.
    pub fn odd_json(&mut self) -> String {
        match self.below(3) {
            0 => format!("\"{}\"", self.awkward_text()),
            1 => self.awkward_text(),
            _ => self.word("[]  {}  null  -1  1e400  [[[]]]  true").to_string(),
        }
    }
}

#[test]
fn the_same_number_decides_the_same_and_another_does_not() {
    let decisions = |name: &str, number| {
        let mut dice = Dice::new(name, number);
        (0..50).map(|_| dice.below(1000)).collect::<Vec<_>>()
    };
    assert_eq!(decisions("csv", 7), decisions("csv", 7));
    assert_ne!(decisions("csv", 7), decisions("csv", 8));
    assert_ne!(decisions("csv", 7), decisions("npy", 7));
}
