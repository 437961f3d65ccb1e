//! Regular expressions in little code: the syntax and the answers of the `regex` crate, Unicode included, for Kusto's patterns.
//!
//! A pattern becomes a program whose threads are run side by side, so matching takes the time of the text times the program,
//! whatever the pattern, and no more stack for a longer one. `tests/` compares the answers with the crate's.

mod parse;
mod program;
mod run;
mod set;
mod unicode;

pub use unicode::{to_lower, to_upper};

use program::Program;
use run::{NOWHERE, Scratch};
use std::cell::Cell;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;

/// A pattern that is ready to be looked for.
#[derive(Clone)]
pub struct Regex {
    made: Rc<Made>,
}

struct Made {
    program: Program,
    names: Vec<Option<String>>,
    /// Taken while a search runs.
    scratch: Cell<Option<Box<Scratch>>>,
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    message: &'static str,
    span: (usize, usize),
}

impl Error {
    /// An error of the whole pattern.
    pub fn new(message: &'static str) -> Error {
        Error { message, span: (0, 0) }
    }

    /// The bytes of the pattern that are wrong.
    pub fn span(&self) -> Range<usize> {
        self.span.0..self.span.1
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.message)
    }
}

impl std::error::Error for Error {}

/// Where a pattern or one of its groups matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match<'t> {
    text: &'t str,
    start: usize,
    end: usize,
}

impl<'t> Match<'t> {
    /// The byte it begins at.
    pub fn start(&self) -> usize {
        self.start
    }

    /// The byte behind it.
    pub fn end(&self) -> usize {
        self.end
    }

    /// Its bytes.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Its text.
    pub fn as_str(&self) -> &'t str {
        self.text.get(self.range()).unwrap_or_default()
    }
}

/// A match and its groups.
#[derive(Clone, Debug)]
pub struct Captures<'t> {
    text: &'t str,
    places: Vec<usize>,
}

impl<'t> Captures<'t> {
    /// What a group matched, if it took part; group 0 is the match.
    pub fn get(&self, group: usize) -> Option<Match<'t>> {
        let start = *self.places.get(group.checked_mul(2)?)?;
        let end = *self.places.get(group * 2 + 1)?;
        (start != NOWHERE && end != NOWHERE).then_some(Match { text: self.text, start, end })
    }
}

impl Regex {
    /// Reads a pattern.
    pub fn new(pattern: &str) -> Result<Regex, Error> {
        let (program, names) = parse::parse(pattern)?;
        let mut owned = Vec::new();
        for name in names {
            owned.push(name.map(str::to_owned));
        }
        Ok(Regex { made: Rc::new(Made { program, names: owned, scratch: Cell::new(None) }) })
    }

    fn search(&self, text: &str, from: usize, places: &mut [usize]) -> bool {
        let made = &*self.made;
        let mut scratch = made.scratch.take().unwrap_or_default();
        let found = run::search(&made.program, &mut scratch, text, from, places);
        made.scratch.set(Some(scratch));
        found
    }

    /// How many groups there are, the match among them.
    pub fn captures_len(&self) -> usize {
        self.made.names.len()
    }

    /// The names of all groups; the match has none.
    pub fn capture_names(&self) -> impl Iterator<Item = Option<&str>> {
        self.made.names.iter().map(Option::as_deref)
    }

    /// Whether it matches anywhere.
    pub fn is_match(&self, text: &str) -> bool {
        self.search(text, 0, &mut [])
    }

    /// The first match.
    pub fn find<'t>(&self, text: &'t str) -> Option<Match<'t>> {
        self.find_at(text, 0)
    }

    /// The first match that begins at that byte or behind it. What stands before is seen by `^` and `\b`.
    pub fn find_at<'t>(&self, text: &'t str, from: usize) -> Option<Match<'t>> {
        let mut places = [NOWHERE; 2];
        let [start, end] = self.search(text, from, &mut places).then_some(places)?;
        Some(Match { text, start, end })
    }

    /// All matches that do not overlap.
    pub fn find_iter<'r, 't>(&'r self, text: &'t str) -> FindIter<'r, 't> {
        FindIter(Searches { regex: self, text, from: 0, last_end: NOWHERE })
    }

    /// The first match and its groups.
    pub fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        self.captures_iter(text).next()
    }

    /// All matches that do not overlap, and their groups.
    pub fn captures_iter<'r, 't>(&'r self, text: &'t str) -> CapturesIter<'r, 't> {
        CapturesIter(Searches { regex: self, text, from: 0, last_end: NOWHERE })
    }
}

impl fmt::Debug for Regex {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Regex")
    }
}

/// One search after the other.
struct Searches<'r, 't> {
    regex: &'r Regex,
    text: &'t str,
    from: usize,
    last_end: usize,
}

impl Searches<'_, '_> {
    fn next(&mut self, places: &mut [usize]) -> bool {
        loop {
            if self.from > self.text.len() || !self.regex.search(self.text, self.from, places) {
                return false;
            }
            let (start, end) = (places.first().copied(), places.get(1).copied());
            if start != end || end != Some(self.last_end) {
                self.from = end.unwrap_or(NOWHERE);
                self.last_end = self.from;
                return true;
            }
            // Nothing, directly behind a match: looked for again one character further on.
            let rest = self.text.get(self.from..).unwrap_or_default();
            self.from += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
}

/// The matches of a pattern in a text.
pub struct FindIter<'r, 't>(Searches<'r, 't>);

impl<'t> Iterator for FindIter<'_, 't> {
    type Item = Match<'t>;

    fn next(&mut self) -> Option<Match<'t>> {
        let mut places = [NOWHERE; 2];
        let [start, end] = self.0.next(&mut places).then_some(places)?;
        Some(Match { text: self.0.text, start, end })
    }
}

/// The matches of a pattern in a text, with their groups.
pub struct CapturesIter<'r, 't>(Searches<'r, 't>);

impl<'t> Iterator for CapturesIter<'_, 't> {
    type Item = Captures<'t>;

    fn next(&mut self) -> Option<Captures<'t>> {
        let mut places = vec![NOWHERE; self.0.regex.captures_len() * 2];
        self.0.next(&mut places).then_some(Captures { text: self.0.text, places })
    }
}

/// A pattern that matches the text itself.
pub fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if "\\.+*?()|[]{}^$#&-~".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
