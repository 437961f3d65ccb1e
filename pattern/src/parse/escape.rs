//! What begins with a backslash.

use super::{IGNORE_CASE, NOT_UTF8, Parser, UNICODE};
use crate::program::Look;
use crate::set::{self, Set};
use crate::unicode;

/// What a character or an escape means.
pub enum Primitive {
    Char(char),
    Set(Set),
    Look(Look),
}

/// What `\b`, `\B` … say of the characters before and behind (`Look::Word`).
const BOUNDARY: u8 = 0b0110;
const NO_BOUNDARY: u8 = 0b1001;
const START: u8 = 0b0100;
const END: u8 = 0b0010;
const START_HALF: u8 = 0b0101;
const END_HALF: u8 = 0b0011;

impl Parser<'_> {
    pub(super) fn literal_or_escape(&mut self) -> Option<Primitive> {
        let from = self.at;
        let first = self.peek().unwrap_or_default();
        self.bump();
        if first != '\\' {
            return Some(Primitive::Char(first));
        }
        let Some(c) = self.peek() else { return self.fail(from, "a backslash has nothing behind it") };
        Some(match c {
            'x' | 'u' | 'U' => Primitive::Char(self.hex(from)?),
            'p' | 'P' => Primitive::Set(self.property(from)?),
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => {
                self.bump();
                let set = self.perl(c);
                Primitive::Set(if c.is_ascii_uppercase() { self.negated(from, &set)? } else { set })
            }
            _ => {
                self.bump();
                match c {
                    'a' => Primitive::Char('\x07'),
                    'f' => Primitive::Char('\x0C'),
                    't' => Primitive::Char('\t'),
                    'n' => Primitive::Char('\n'),
                    'r' => Primitive::Char('\r'),
                    'v' => Primitive::Char('\x0B'),
                    'A' => Primitive::Look(Look::Start),
                    'z' => Primitive::Look(Look::End),
                    'b' => {
                        let table = self.boundary()?;
                        self.word_look(table)?
                    }
                    'B' => self.word_look(NO_BOUNDARY)?,
                    '<' => self.word_look(START)?,
                    '>' => self.word_look(END)?,
                    '0'..='9' => return self.fail(from, "back references are not supported"),
                    _ if c.is_ascii() && !c.is_ascii_alphabetic() => Primitive::Char(c),
                    _ => return self.fail(from, "an escape that is not known"),
                }
            }
        })
    }

    fn word_look(&mut self, table: u8) -> Option<Primitive> {
        if self.flags & UNICODE == 0 {
            return Some(Primitive::Look(Look::AsciiWord(table)));
        }
        if self.program.word.is_none() {
            let set = self.perl('w');
            self.program.word = Some(self.program.class(set)?);
        }
        Some(Primitive::Look(Look::Word(table)))
    }

    /// What stands in braces behind `\b`, if that is not a count.
    fn boundary(&mut self) -> Option<u8> {
        let from = self.at;
        if self.peek() != Some('{') {
            return Some(BOUNDARY);
        }
        self.bump_and_skip();
        let mut name = String::new();
        while let Some(c) = self.peek()
            && (c.is_ascii_alphabetic() || c == '-')
        {
            name.push(c);
            self.bump_and_skip();
        }
        if name.is_empty() && self.peek().is_some() {
            self.at = from;
            return Some(BOUNDARY);
        }
        let table = match name.as_str() {
            "start" => START,
            "end" => END,
            "start-half" => START_HALF,
            "end-half" => END_HALF,
            _ => 0,
        };
        if table == 0 || !self.bump_if("}") {
            return self
                .fail(from, r"behind \b, one of {start}, {end}, {start-half}, {end-half} is possible");
        }
        Some(table)
    }

    /// The character of `\x41`, `\u0041`, `\U00000041`, `\x{41}`.
    fn hex(&mut self, from: usize) -> Option<char> {
        let digits = match self.peek() {
            Some('x') => 2,
            Some('u') => 4,
            _ => 8,
        };
        self.bump_and_skip();
        let braces = self.peek() == Some('{');
        if braces {
            self.bump_and_skip();
        }
        let (mut code, mut count) = (0u32, 0);
        while braces || count < digits {
            let c = self.peek();
            if braces && count > 0 && c == Some('}') {
                break;
            }
            let Some(digit) = c.and_then(|c| c.to_digit(16)) else {
                self.bump();
                return self.fail(from, "a character's number is not written in hexadecimal digits");
            };
            code = code.saturating_mul(16).saturating_add(digit);
            count += 1;
            self.bump_and_skip();
        }
        if braces {
            self.bump_and_skip();
        }
        match char::from_u32(code) {
            Some(_) if !braces && digits == 2 && code > 0x7F && self.flags & UNICODE == 0 => {
                self.fail(from, NOT_UTF8)
            }
            Some(c) => Some(c),
            None => self.fail(from, "there is no character of that number"),
        }
    }

    /// `\pL`, `\p{Lu}`, `\P{gc=Lu}`.
    fn property(&mut self, from: usize) -> Option<Set> {
        let mut negated = self.peek() == Some('P');
        self.bump_and_skip();
        let mut name = String::new();
        if self.peek() == Some('{') {
            loop {
                self.bump_and_skip();
                match self.peek() {
                    None => return self.fail(from, "a property's name is not closed"),
                    Some('}') => break,
                    Some(c) => name.push(c),
                }
            }
            self.bump();
        } else {
            match self.peek() {
                None | Some('\\') => return self.fail(from, "a property has no name"),
                Some(c) => name.push(c),
            }
            self.bump_and_skip();
        }
        let parts = ["!=", ":", "="].iter().find_map(|by| Some((*by, name.split_once(by)?)));
        let set = match parts {
            None => match loose(&name).as_str() {
                "whitespace" | "space" | "wspace" => Some(unicode::space()),
                name => unicode::named(name),
            },
            Some((by, (property, value))) => {
                negated ^= by == "!=";
                match loose(property).as_str() {
                    "gc" | "generalcategory" => unicode::named(&loose(value)),
                    _ => None,
                }
            }
        };
        match set {
            Some(_) if self.flags & UNICODE == 0 => self.fail(from, "a property needs Unicode"),
            Some(mut set) => {
                if self.flags & IGNORE_CASE != 0 {
                    set = unicode::fold(&set);
                }
                if negated { self.negated(from, &set) } else { Some(set) }
            }
            None => self.fail(from, "a property that is not known: known are general categories"),
        }
    }

    /// `\d`, `\s`, `\w`.
    pub(super) fn perl(&mut self, letter: char) -> Set {
        let letter = letter.to_ascii_lowercase();
        if self.flags & UNICODE == 0 {
            return match letter {
                'd' => vec![(48, 57)],
                's' => vec![(9, 13), (32, 32)],
                _ => vec![(48, 57), (65, 90), (95, 95), (97, 122)],
            };
        }
        let known = match letter {
            'd' => &mut self.perl[0],
            's' => &mut self.perl[1],
            _ => &mut self.perl[2],
        };
        if known.is_empty() {
            *known = match letter {
                'd' => unicode::in_categories(unicode::DIGIT),
                's' => unicode::space(),
                _ => unicode::word(),
            };
        }
        known.clone()
    }

    /// Everything but the set.
    pub(super) fn negated(&mut self, from: usize, set: &Set) -> Option<Set> {
        if self.flags & UNICODE == 0 {
            return self.fail(from, NOT_UTF8);
        }
        Some(set::negate(set))
    }

    /// The set with what differs from it by case alone, if case does not matter.
    pub(super) fn folded(&self, set: Set) -> Set {
        match self.flags & (IGNORE_CASE | UNICODE) {
            0 | UNICODE => set,
            IGNORE_CASE => set::combine(&unicode::fold(&set), &[(0, 0x7F)], set::INTERSECTION),
            _ => unicode::fold(&set),
        }
    }

    /// A character, with its other cases if case does not matter.
    pub(super) fn with_case(&self, c: char) -> Set {
        let one = |c: char| (u32::from(c), u32::from(c));
        if self.flags & IGNORE_CASE == 0 {
            return vec![one(c)];
        }
        let unicode = self.flags & UNICODE != 0;
        match c {
            // Most patterns have nothing else, and a table costs more to ask.
            'a'..='z' | 'A'..='Z' => {
                let mut set = vec![one(c.to_ascii_uppercase()), one(c.to_ascii_lowercase())];
                match c {
                    'k' | 'K' if unicode => set.push(one('\u{212A}')),
                    's' | 'S' if unicode => set.push(one('\u{17F}')),
                    _ => {}
                }
                set
            }
            _ if unicode && !c.is_ascii() => unicode::fold(&[one(c)]),
            _ => vec![one(c)],
        }
    }
}

/// A name as it is compared: small letters, without spaces, lines, hyphens and an `is` before it.
fn loose(name: &str) -> String {
    let is = name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("is"));
    let mut out = String::new();
    for c in name.get(if is { 2 } else { 0 }..).unwrap_or_default().chars() {
        if c.is_ascii() && !matches!(c, ' ' | '_' | '-') {
            out.push(c.to_ascii_lowercase());
        }
    }
    // `isc` is the short name of a property, not the category C.
    if is && out == "c" { String::new() } else { out }
}
