//! From a pattern's text to its program, in one pass: what is read is written as steps at once, and what comes behind it
//! (`*`, `|`) moves or copies those.

use crate::Error;
use crate::program::{Look, Program, Step};
use crate::set::Set;

mod class;
mod escape;
mod group;
mod repetition;

use group::{NOTHING, Part};

/// As deep as groups, classes and repetitions may be nested.
const DEEPEST: u32 = 250;

/// The flags' bits, in the order of `group::FLAGS`. Case does not matter.
pub const IGNORE_CASE: u8 = 1;
/// `^` and `$` match at lines.
const LINES: u8 = 2;
/// `.` matches line ends, too.
const DOT_ALL: u8 = 4;
/// Lazy and greedy are swapped.
const SWAP_GREED: u8 = 8;
/// Classes and case are Unicode's.
pub const UNICODE: u8 = 16;
/// Lines end with `\r`, `\n` or both.
const ANY_LINE: u8 = 32;
/// White space and comments in the pattern mean nothing.
const IGNORE_SPACE: u8 = 64;

/// Reads a pattern.
pub struct Parser<'p> {
    pattern: &'p str,
    at: usize,
    flags: u8,
    program: Program,
    /// The names of the groups; group 0 is the match.
    names: Vec<Option<&'p str>>,
    /// `\d`, `\s` and `\w`, once they were needed.
    perl: [Set; 3],
    /// What is wrong, if something is; too large if nothing else.
    error: Error,
}

/// The program of a pattern, and its groups' names.
pub fn parse(pattern: &str) -> Result<(Program, Vec<Option<&str>>), Error> {
    let error = Error { message: "it is too large", span: (0, pattern.len()) };
    let mut p = Parser {
        pattern,
        at: 0,
        flags: UNICODE,
        program: Program::default(),
        names: vec![None],
        perl: [const { Set::new() }; 3],
        error,
    };
    match p.whole() {
        Some(()) => Ok((p.program, p.names)),
        None => Err(p.error),
    }
}

// What is read is `None` where the pattern is wrong; `error` then says how.
impl<'p> Parser<'p> {
    fn whole(&mut self) -> Option<()> {
        self.program.push(Step::Save(0))?;
        self.groups()?;
        self.program.push(Step::Save(1))?;
        self.program.push(Step::Match)?;
        self.program.finish()?;
        // Groups that are repeated 0 times are gone; between others, they have no name.
        self.names.truncate(self.program.places / 2);
        for (group, name) in self.names.iter_mut().enumerate() {
            let is_there = |step: &Step| matches!(step, Step::Save(place) if *place == 2 * group);
            if name.is_some() && !self.program.steps.iter().any(is_there) {
                *name = None;
            }
        }
        Some(())
    }

    fn fail<T>(&mut self, from: usize, message: &'static str) -> Option<T> {
        self.error = Error { message, span: (from, self.at.max(from)) };
        None
    }

    fn rest(&self) -> &'p str {
        self.pattern.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    /// Steps over a text if it is next.
    fn bump_if(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// Steps over space and comments where they mean nothing.
    fn skip(&mut self) {
        if self.flags & IGNORE_SPACE == 0 {
            return;
        }
        let mut comment = false;
        while let Some(c) = self.peek()
            && (comment || c.is_whitespace() || c == '#')
        {
            comment = (comment || c == '#') && c != '\n';
            self.bump();
        }
    }

    fn bump_and_skip(&mut self) {
        self.bump();
        self.skip();
    }

    fn deeper(&mut self, depth: u32) -> Option<u32> {
        if depth < DEEPEST { Some(depth + 1) } else { self.fail(0, "it is nested too deep") }
    }

    fn push_set(&mut self, set: Set) -> Option<Part> {
        let never = set.is_empty();
        let step = self.program.step_for(set)?;
        self.program.push(step)?;
        Some(Part { depth: 0, empty: false, takes: !never, never })
    }

    /// `.`, `^`, `$`, an escape or a character.
    fn primitive(&mut self) -> Option<Part> {
        let from = self.at;
        let lines = match self.flags & (LINES | ANY_LINE) {
            LINES => 1,
            flags if flags & LINES != 0 => 2,
            _ => 0,
        };
        let look = match self.peek() {
            Some('^') => [Look::Start, Look::LineStart, Look::AnyLineStart][lines],
            Some('$') => [Look::End, Look::LineEnd, Look::AnyLineEnd][lines],
            Some('.') => {
                self.bump();
                if self.flags & UNICODE == 0 {
                    return self.fail(from, NOT_UTF8);
                }
                let set = match self.flags & (DOT_ALL | ANY_LINE) {
                    0 => vec![(0, 9), (11, 0x10FFFF)],
                    ANY_LINE => vec![(0, 9), (11, 12), (14, 0x10FFFF)],
                    _ => vec![(0, 0x10FFFF)],
                };
                return self.push_set(set);
            }
            _ => match self.literal_or_escape()? {
                escape::Primitive::Char(c) => {
                    let set = self.with_case(c);
                    return self.push_set(set);
                }
                escape::Primitive::Set(set) => return self.push_set(set),
                escape::Primitive::Look(look) => {
                    self.program.push(Step::Look(look))?;
                    return Some(NOTHING);
                }
            },
        };
        self.bump();
        self.program.push(Step::Look(look))?;
        Some(NOTHING)
    }
}

/// Why a class cannot be negated without Unicode, nor a dot match.
pub const NOT_UTF8: &str = "without Unicode it could match a part of a character";
