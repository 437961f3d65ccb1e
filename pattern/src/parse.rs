//! From a pattern's text to its program, in one pass: what is read is written as steps at once, and what comes behind it
//! (`*`, `|`) moves or copies those.

use crate::Error;
use crate::program::{Look, Program, Step, TooLarge};
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
}

/// The program of a pattern, and its groups' names.
pub fn parse(pattern: &str) -> Result<(Program, Vec<Option<&str>>), Error> {
    let mut p = Parser {
        pattern,
        at: 0,
        flags: UNICODE,
        program: Program::default(),
        names: vec![None],
        perl: [const { Set::new() }; 3],
    };
    p.push(Step::Save(0))?;
    p.groups()?;
    p.push(Step::Save(1))?;
    p.push(Step::Match)?;
    let made = p.program.finish();
    p.allowed(made)?;
    // Groups that are repeated 0 times are gone; between others, they have no name.
    p.names.truncate(p.program.places / 2);
    for (group, name) in p.names.iter_mut().enumerate() {
        let is_there = |step: &Step| matches!(step, Step::Save(place) if *place == 2 * group);
        if name.is_some() && !p.program.steps.iter().any(is_there) {
            *name = None;
        }
    }
    Ok((p.program, p.names))
}

impl<'p> Parser<'p> {
    fn fail<T>(&self, from: usize, message: &'static str) -> Result<T, Error> {
        Err(Error { message, span: (from, self.at.max(from)) })
    }

    fn allowed<T>(&self, made: Result<T, TooLarge>) -> Result<T, Error> {
        made.or_else(|_| self.fail(0, "it is too large"))
    }

    fn push(&mut self, step: Step) -> Result<(), Error> {
        let pushed = self.program.push(step);
        self.allowed(pushed)
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

    fn deeper(&self, depth: u32) -> Result<u32, Error> {
        if depth < DEEPEST { Ok(depth + 1) } else { self.fail(0, "it is nested too deep") }
    }

    fn push_set(&mut self, set: Set) -> Result<Part, Error> {
        let never = set.is_empty();
        let step = self.program.step_for(set);
        let step = self.allowed(step)?;
        self.push(step)?;
        Ok(Part { depth: 0, empty: false, takes: !never, never })
    }

    /// `.`, `^`, `$`, an escape or a character.
    fn primitive(&mut self) -> Result<Part, Error> {
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
                    self.push(Step::Look(look))?;
                    return Ok(NOTHING);
                }
            },
        };
        self.bump();
        self.push(Step::Look(look))?;
        Ok(NOTHING)
    }
}

/// Why a class cannot be negated without Unicode, nor a dot match.
pub const NOT_UTF8: &str = "without Unicode it could match a part of a character";
