//! Compiles patterns. Kusto documents its regular expressions in the syntax of the `regex` crate, so that crate is what they mean.

use crate::value::limits::{self, Limit};
use regex::{Regex, RegexBuilder};
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

/// How large a compiled pattern may be in bytes: `regex`'s own limit, so what compiles there compiles here.
const MAX_SIZE: usize = 10 << 20;
/// What the automata that are made while searching may take in bytes. Past that they begin anew.
const MAX_AUTOMATON: usize = 512 << 10;
/// How deep groups and repetitions may nest. The compiler calls itself for each level, and a stack is small in WebAssembly.
const MAX_NESTING: u32 = if cfg!(feature = "small-stack") { 40 } else { 100 };
/// How many patterns are kept. A query compiles its literals when it is bound and uses them later; a column of patterns seldom
/// has more different ones.
const KEPT: usize = 32;

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

type Compiled = Result<Rc<Regex>, Error>;

thread_local! {
    /// The patterns that were asked for last, the last one first.
    static RECENT: RefCell<Vec<(String, Compiled)>> = const { RefCell::new(Vec::new()) };
}

/// Compiles a pattern, or finds it among those compiled last.
pub fn compile(pattern: &str) -> Compiled {
    if !limits::may_compile() {
        limits::meet(Limit::Pattern);
        return Err(Error("patterns are compiled when the rules are made ready".to_owned()));
    }
    RECENT.with_borrow_mut(|recent| {
        let known = recent.iter().position(|(p, _)| p == pattern).map(|at| recent.remove(at));
        let (text, compiled) = known.unwrap_or_else(|| (pattern.to_owned(), build(pattern)));
        recent.truncate(KEPT - 1);
        recent.insert(0, (text, compiled.clone()));
        compiled
    })
}

fn build(pattern: &str) -> Compiled {
    let built = RegexBuilder::new(pattern)
        .size_limit(MAX_SIZE)
        .dfa_size_limit(MAX_AUTOMATON)
        .nest_limit(MAX_NESTING)
        .build();
    match built {
        Ok(regex) => {
            if cfg!(feature = "small-stack") {
                search_once(&regex, pattern);
            }
            Ok(Rc::new(regex))
        }
        Err(_) => Err(Error(what_is_wrong(pattern))),
    }
}

/// Has a pattern make the memory it searches with, which takes more stack than to search. It makes none for a text that is too
/// short to match.
fn search_once(regex: &Regex, pattern: &str) {
    const LONGEST: usize = 64 << 10;
    let shortest = regex_syntax::parse(pattern).ok().and_then(|p| p.properties().minimum_len());
    regex.captures(&"a".repeat(shortest.unwrap_or_default().min(LONGEST)));
}

/// The reason in one line; `regex` gives a drawing of several.
fn what_is_wrong(pattern: &str) -> String {
    use regex_syntax::{Error, ParserBuilder};
    let (kind, span) = match ParserBuilder::new().nest_limit(MAX_NESTING).build().parse(pattern) {
        Err(Error::Parse(e)) => (e.kind().to_string(), *e.span()),
        Err(Error::Translate(e)) => (e.kind().to_string(), *e.span()),
        _ => return "it is too large".to_owned(),
    };
    match pattern.get(span.start.offset..span.end.offset) {
        Some(part) if !part.is_empty() && part != pattern => format!("{kind}: {part}"),
        _ => kind,
    }
}
