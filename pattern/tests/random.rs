//! Random patterns over random texts, by us and by the `regex` crate. `FOREPOST_PATTERNS` sets how many, `FOREPOST_SEED` which.

mod peer;

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

const LETTERS: [&str; 40] = [
    "a", "b", "c", "k", "s", "A", "B", "K", "S", "z", "0", "9", "_", " ", "-", ".", "\n", "\r", "\t", "é",
    "É", "ß", "ẞ", "ſ", "K", "Σ", "σ", "ς", "İ", "ı", "i", "I", "٣", "日", "😀", "\u{301}", "ǅ", "ᾳ",
    "\u{200d}", "µ",
];

const LOOKS: [&str; 14] = [
    "^",
    "$",
    r"\b",
    r"\B",
    r"\A",
    r"\z",
    r"\b{start}",
    r"\b{end}",
    r"\b{start-half}",
    r"\b{end-half}",
    r"\<",
    r"\>",
    r"(?-u:\b)",
    r"(?-u:\B)",
];

const SETS: [&str; 38] = [
    ".",
    r"\d",
    r"\D",
    r"\w",
    r"\W",
    r"\s",
    r"\S",
    r"\pL",
    r"\PL",
    r"\p{Lu}",
    r"\p{Ll}",
    r"\P{Lu}",
    r"\p{Greek}",
    r"\p{Letter}",
    r"\p{gc=Nd}",
    r"\p{gc!=Nd}",
    r"\p{ is_lower case-letter}",
    r"\p{^L}",
    r"\p{Any}",
    r"\p{ascii}",
    r"\p{White_Space}",
    r"\p{Alphabetic}",
    r"\p{LC}",
    r"\p{cf}",
    r"\p{sc}",
    r"\p{isc}",
    r"\p{Cn}",
    r"\p{Assigned}",
    r"(?-u:\w)",
    r"(?-u:\d)",
    r"(?-u:\s)",
    r"(?-u:\W)",
    r"(?-u:.)",
    r"(?-u:\xFF)",
    r"(?i-u:k)",
    r"(?i-u:é)",
    r"(?s:.)",
    r"(?R:.)",
];

const ESCAPES: [&str; 20] = [
    r"\n",
    r"\t",
    r"\r",
    r"\x41",
    r"\x{e9}",
    r"\u00e9",
    r"\U0000006b",
    r"\u{212A}",
    r"\.",
    r"\-",
    r"\ ",
    r"\/",
    r"\#",
    r"\&",
    r"\~",
    r"\]",
    r"\\",
    r"\x{0}",
    r"\a",
    r"\v",
];

const POSIX: [&str; 12] = [
    "[:alpha:]",
    "[:^alpha:]",
    "[:lower:]",
    "[:upper:]",
    "[:digit:]",
    "[:^digit:]",
    "[:space:]",
    "[:punct:]",
    "[:word:]",
    "[:xdigit:]",
    "[:alnum:]",
    "[:foo:]",
];

/// What a pattern can be broken with.
const PIECES: [&str; 74] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "*",
    "+",
    "?",
    "|",
    "^",
    "$",
    ".",
    "\\",
    "-",
    "&&",
    "--",
    "~~",
    ",",
    ":",
    "=",
    "!",
    "<",
    ">",
    "P",
    "#",
    " ",
    "\n",
    "(?",
    "(?:",
    "(?P<",
    "(?<",
    "(?i)",
    "(?x)",
    "(?-u)",
    "(?m)",
    "(?s)",
    "(?U)",
    "(?R)",
    "(?i-",
    "(?=",
    "(?<!",
    "(?#",
    "[^",
    "[]",
    "[^]",
    "[[",
    "]]",
    "[:",
    ":]",
    "[:alpha:]",
    "{2}",
    "{2,",
    "{,3}",
    "{ 2 , 3 }",
    "{0}",
    "{2,1}",
    "{99999999999}",
    "{3}?",
    r"\b{",
    r"\b{start",
    r"\x",
    r"\x{",
    r"\u12",
    r"\p",
    r"\p{",
    r"\pN",
    r"\Q",
    r"\8",
    r"\x{110000}",
    r"\x{D800}",
    "a",
    "é",
    "1",
];

const FLAGS: [&str; 14] = ["i", "m", "s", "U", "x", "R", "im", "ms", "-i", "i-s", "mR", "-u", "i-u", "-x"];

fn repetition(r: &mut Random) -> String {
    let mut out = match r.below(9) {
        0 | 1 => "*".to_owned(),
        2 | 3 => "+".to_owned(),
        4 | 5 => "?".to_owned(),
        6 => format!("{{{}}}", r.below(4)),
        7 => format!("{{{},}}", r.below(3)),
        _ => {
            let min = r.below(3);
            format!("{{{min},{}}}", min + r.below(3))
        }
    };
    if r.below(3) == 0 {
        out.push('?');
    }
    out
}

fn class(r: &mut Random, depth: usize) -> String {
    let mut out = String::from(if r.below(3) == 0 { "[^" } else { "[" });
    for _ in 0..1 + r.below(4) {
        match r.below(12) {
            0..=3 => out.push_str(r.one(&LETTERS)),
            4 | 5 => {
                let (a, b) = (r.one(&LETTERS), r.one(&LETTERS));
                let (a, b) = if a <= b || r.below(20) == 0 { (a, b) } else { (b, a) };
                out.push_str(&format!("{a}-{b}"));
            }
            6 => out.push_str(r.one(&SETS)),
            7 => out.push_str(r.one(&POSIX)),
            8 => out.push_str(r.one(&ESCAPES)),
            9 | 10 if depth > 0 => out.push_str(&class(r, depth - 1)),
            _ => out.push_str(r.one(&["&&", "--", "~~", "-", "a-z", "A-Z", "0-9"])),
        }
    }
    out + "]"
}

fn pattern(r: &mut Random, depth: usize, groups: &mut usize) -> String {
    let mut out = String::new();
    for _ in 0..r.below(if depth > 2 { 5 } else { 4 }) {
        match r.below(20) {
            0..=5 => out.push_str(r.one(&LETTERS)),
            6 | 7 => out.push_str(r.one(&SETS)),
            8 => out.push_str(r.one(&LOOKS)),
            9 => out.push_str(r.one(&ESCAPES)),
            10 | 11 => out.push_str(&class(r, 2)),
            12 => {
                out.push_str(&format!("(?{})", r.one(&FLAGS)));
                continue;
            }
            _ if depth == 0 => out.push_str(r.one(&LETTERS)),
            13 | 14 => out.push_str(&format!("({})", pattern(r, depth - 1, groups))),
            15 => {
                *groups += 1;
                let p = if r.below(2) == 0 { "P" } else { "" };
                let name = format!("(?{p}<g{groups}>");
                out.push_str(&format!("{name}{})", pattern(r, depth - 1, groups)));
            }
            16 => out.push_str(&format!("(?{}:{})", r.one(&FLAGS), pattern(r, depth - 1, groups))),
            17 => out.push_str(&format!("(?:{})", pattern(r, depth - 1, groups))),
            _ => {
                let (a, b) = (pattern(r, depth - 1, groups), pattern(r, depth - 1, groups));
                out.push_str(&format!("(?:{a}|{b})"));
            }
        }
        if r.below(3) == 0 {
            out.push_str(&repetition(r));
        }
    }
    if r.below(6) == 0 && depth > 0 {
        out.push('|');
        out.push_str(&pattern(r, depth - 1, groups));
    }
    out
}

fn broken(r: &mut Random, whole: &str) -> String {
    let mut chars: Vec<String> = whole.chars().map(String::from).collect();
    for _ in 0..1 + r.below(3) {
        let at = r.below(chars.len() + 1);
        match r.below(3) {
            0 if at < chars.len() => drop(chars.remove(at)),
            1 if at < chars.len() => chars[at] = r.one(&PIECES).to_owned(),
            _ => chars.insert(at, r.one(&PIECES).to_owned()),
        }
    }
    chars.concat()
}

fn any(r: &mut Random) -> String {
    let spaced = if r.below(8) == 0 { "(?x)" } else { "" };
    let whole = format!("{spaced}{}", pattern(r, 3, &mut 0));
    match r.below(4) {
        0 => broken(r, &whole),
        1 if r.below(2) == 0 => (0..r.below(8)).map(|_| r.one(&PIECES)).collect(),
        _ => whole,
    }
}

#[test]
fn random_patterns_over_random_texts() {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let cases = number("FOREPOST_PATTERNS").unwrap_or(15_000);
    let mut r = Random(number("FOREPOST_SEED").unwrap_or(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let (mut compared, mut wrong) = (0, Vec::new());
    for _ in 0..cases {
        let pattern = any(&mut r);
        let mut texts: Vec<String> =
            (0..3).map(|_| (0..r.below(9)).map(|_| r.one(&LETTERS)).collect()).collect();
        texts.push((0..r.below(12)).map(|_| r.one(&["a", "b", "k", "s", "\r", "\n", "A"])).collect());
        match peer::compare(&pattern, &texts) {
            Ok(done) => compared += u64::from(done),
            Err(how) => wrong.push(how),
        }
        assert!(wrong.len() < 20, "{compared} compared\n{}", wrong.join("\n"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared * 3 > cases, "{compared} of {cases}");
}
