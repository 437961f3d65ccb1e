//! Compiles patterns. Kusto documents its regular expressions in the syntax of the `regex` crate, so that crate is what they mean.

use crate::value::limits::{self, Limit};
use crate::value::meter;
use regex::{CaptureNames, Captures, Match, Regex, RegexBuilder};
use regex_automata::Input;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_syntax::hir::{Class, Hir, HirKind};
use std::cell::{Cell, OnceCell, RefCell};
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

type Compiled = Result<Rc<Pattern>, Error>;

/// How many bytes times [`Pattern::threads`] may be searched before it is looked at whether the pattern's automaton is quick there.
const TRUSTED: u64 = 1 << 24;
/// So many bytes are searched before it is looked at how large a pattern is.
const LITTLE: u64 = 1 << 10;
/// How many steps a thread of the slow search is; it takes some 40 ns a byte.
const STEPS_A_THREAD: u64 = 2;
/// After so many matches in a text it is looked at how far each search reads.
const FREE_SEARCHES: usize = 32;

/// A compiled pattern. Each of its searches is charged for what it reads: mostly an automaton does that, a byte at a time. But a pattern can be
/// such that its automaton gets too large; `regex` then follows all ways through the pattern at once, which may take ten thousand times as long. And a
/// search may read far beyond the match it finds, so that all matches of a text take the square of its length.
pub struct Pattern {
    regex: Regex,
    text: String,
    /// How many ways through the pattern there can be at once; known once it reads more than a little.
    threads: OnceCell<u64>,
    /// Work since the automaton was looked at last.
    unproven: Cell<u64>,
    slow: Cell<bool>,
    automaton: OnceCell<Option<RefCell<(DFA, Cache)>>>,
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Pattern {
    fn new(regex: Regex, text: &str) -> Pattern {
        Pattern {
            regex,
            text: text.to_owned(),
            threads: OnceCell::new(),
            unproven: Cell::new(0),
            slow: Cell::new(false),
            automaton: OnceCell::new(),
        }
    }

    /// Whether it matches anywhere.
    pub fn is_match(&self, text: &str) -> bool {
        self.charge(text, 0, text.len()) && self.regex.is_match(text)
    }

    /// The first match.
    pub fn find<'t>(&self, text: &'t str) -> Option<Match<'t>> {
        self.find_at(text, 0)
    }

    /// The first match from there on.
    pub fn find_at<'t>(&self, text: &'t str, at: usize) -> Option<Match<'t>> {
        if self.charge(text, at, text.len() - at) { self.regex.find_at(text, at) } else { None }
    }

    /// The groups of the first match.
    pub fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        if self.charge(text, 0, text.len()) { self.regex.captures(text) } else { None }
    }

    /// All matches, one after the other.
    pub fn find_iter<'t>(&self, text: &'t str) -> impl Iterator<Item = Match<'t>> {
        let mut found = self.regex.find_iter(text);
        self.charged(text, move || found.next(), Match::end)
    }

    /// The groups of all matches.
    pub fn captures_iter<'t>(&self, text: &'t str) -> impl Iterator<Item = Captures<'t>> {
        let mut found = self.regex.captures_iter(text);
        self.charged(text, move || found.next(), |m| m.get_match().end())
    }

    /// How many groups it has; the whole is one.
    pub fn captures_len(&self) -> usize {
        self.regex.captures_len()
    }

    /// The groups' names.
    pub fn capture_names(&self) -> CaptureNames<'_> {
        self.regex.capture_names()
    }

    /// What `next` finds, for as long as it may be searched.
    fn charged<T>(
        &self,
        text: &str,
        mut next: impl FnMut() -> Option<T>,
        end: impl Fn(&T) -> usize,
    ) -> impl Iterator<Item = T> {
        let (mut at, mut searches) = (0, 0);
        std::iter::from_fn(move || {
            searches += 1;
            let ahead = if searches > FREE_SEARCHES { self.reach(text, at) } else { text.len() - at };
            // What is read beyond a match is read again for the next one.
            meter::step(if searches > FREE_SEARCHES { ahead / 4 } else { 0 });
            let found = if self.charge(text, at, ahead) { next() } else { None };
            at = found.as_ref().map_or(at, &end);
            found
        })
    }

    /// Charges a search that reads so many bytes from there on. Whether it may begin.
    fn charge(&self, text: &str, at: usize, bytes: usize) -> bool {
        let threads = match self.threads.get() {
            // A long pattern takes a while to parse again.
            None if self.unproven.get().saturating_add(bytes as u64) < LITTLE => 1,
            known => *known.unwrap_or_else(|| self.threads.get_or_init(|| self.places())),
        };
        let work = threads.saturating_mul(bytes as u64);
        self.unproven.set(self.unproven.get().saturating_add(work));
        if self.unproven.get() >= TRUSTED {
            self.unproven.set(0);
            let input = Input::new(text).range(at..);
            self.slow.set(
                !self.with_automaton(|dfa, cache| dfa.try_search_fwd(cache, &input).is_ok()).unwrap_or(false),
            );
        }
        let steps = if self.slow.get() { work.saturating_mul(STEPS_A_THREAD) } else { bytes as u64 / 64 };
        meter::step(usize::try_from(steps).unwrap_or(usize::MAX));
        !meter::is_over()
    }

    fn places(&self) -> u64 {
        regex_syntax::parse(&self.text).map_or(u64::MAX, |hir| places(&hir)).max(1)
    }

    /// How many bytes a search from there on reads until it knows its match; at most all.
    fn reach(&self, text: &str, at: usize) -> usize {
        let rest = text.as_bytes().get(at..).unwrap_or_default();
        let read = self.with_automaton(|dfa, cache| {
            let mut state = dfa.start_state_forward(cache, &Input::new(text).range(at..)).ok()?;
            for (i, byte) in rest.iter().enumerate() {
                state = dfa.next_state(cache, state, *byte).ok()?;
                if state.is_dead() {
                    return Some(i + 1);
                }
                if state.is_quit() {
                    return None;
                }
            }
            None
        });
        read.flatten().unwrap_or(rest.len())
    }

    /// An automaton as `regex` has it inside: it gives up where that one does. None is made where there is little stack.
    fn with_automaton<T>(&self, use_it: impl FnOnce(&DFA, &mut Cache) -> T) -> Option<T> {
        let made = self.automaton.get_or_init(|| {
            let config = DFA::config()
                .unicode_word_boundary(true)
                .cache_capacity(MAX_AUTOMATON)
                .minimum_cache_clear_count(Some(3))
                .minimum_bytes_per_state(Some(10));
            let built = DFA::builder().configure(config).build(&self.text).ok()?;
            let cache = built.create_cache();
            Some(RefCell::new((built, cache))).filter(|_| !cfg!(feature = "small-stack"))
        });
        made.as_ref().map(|made| {
            let (dfa, cache) = &mut *made.borrow_mut();
            use_it(dfa, cache)
        })
    }
}

/// How many places of a pattern can be waiting for a byte at once.
fn places(hir: &Hir) -> u64 {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 0,
        HirKind::Literal(text) => text.0.len() as u64,
        HirKind::Class(Class::Bytes(_)) => 1,
        // Up to four bytes of UTF-8.
        HirKind::Class(Class::Unicode(_)) => 4,
        HirKind::Repetition(r) => {
            places(&r.sub).saturating_mul(u64::from(r.max.unwrap_or(r.min.saturating_add(1)).max(1)))
        }
        HirKind::Capture(c) => places(&c.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(places).fold(0, u64::saturating_add)
        }
    }
}

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
            Ok(Rc::new(Pattern::new(regex, pattern)))
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
