//! Which literals a record must hold to matter to any rule. The record's raw bytes are searched; nothing is parsed.
//!
//! A pipeline delivers records one by one and wraps the event in its own way: as an object, or as text inside another object,
//! with escaped quotes. The prefilter therefore searches for the literals anywhere in the bytes. Like the prefilter over
//! files, it may let too much through, never too little: a record in which a JSON escape could hide a literal passes.

use super::event_filters::{Places, for_each_filter};
use crate::checked;
use cloudtrail::table::aws_cloudtrail::Origin;
use kql::plan::split::Leaf;
use kql::plan::{Expr, ExprKind};
use kql::value::{Value, json};
use memchr::memmem::{self, Finder};
use std::cmp::Ordering;

/// The end of `eventName` and of the column `EventName`.
const NAME_KEY: &[u8] = b"ventName";
/// Its rarest byte, and where in it that stands.
const NAME_KEY_RAREST: (usize, u8) = (4, b'N');
/// How the escape of any character that a literal can have begins, after its backslash.
const ESCAPE: &[u8] = b"u00";

/// The literals of all rules.
#[derive(Default)]
pub struct LiteralPrefilter {
    /// Names of events, lower case, by [`by_length`]: every record's name is looked up, and to hash one would take longer in an interpreter
    /// than to compare a few.
    names: Vec<Vec<u8>>,
    /// Texts that columns must have.
    texts: Vec<Finder<'static>>,
    /// Whether some rule has no literal, so that every record can matter.
    always: bool,
}

/// A text to search for. A record that matters to a leaf holds at least one of the leaf's literals.
enum Literal {
    /// As the event's name.
    Name(String),
    /// Anywhere.
    Text(String),
}

impl LiteralPrefilter {
    /// Adds what the rows of a leaf must hold.
    pub fn add(&mut self, leaf: &Leaf) {
        match literals_of_leaf(leaf) {
            None => self.always = true,
            Some(literals) => {
                for literal in literals {
                    match literal {
                        Literal::Name(name) => self.add_name(name.to_ascii_lowercase().into()),
                        Literal::Text(text) => self.texts.push(Finder::new(text.as_bytes()).into_owned()),
                    }
                }
            }
        }
    }

    fn add_name(&mut self, name: Vec<u8>) {
        if let Err(at) = self.names.binary_search_by(|known| by_length(known, &name)) {
            self.names.insert(at, name);
        }
    }

    /// Looks at a record's bytes. One pass finds the names of events and what could hide one: an interpreter runs this for every record.
    pub fn look(&self, record: &[u8]) -> Look {
        let mut names_an_event = false;
        // What is asked at each place is little, so that no call is made for it: a text inside a text is full of backslashes.
        let matters = json::any_place(record, NAME_KEY_RAREST.1, b'\\', |at| match record.get(at..at + 2) {
            Some(b"\\u") => can_hide(record, at),
            Some([b'N', b'a']) => self.has_name(record, at, &mut names_an_event),
            _ => false,
        });
        if matters {
            return Look::CanMatter;
        }
        match self.always || self.texts.iter().any(|text| text.find(record).is_some()) {
            true => Look::CanMatter,
            false if names_an_event => Look::Nothing,
            false => Look::NoEvent,
        }
    }

    /// Whether the rarest byte at `at` belongs to the key of a name, which is then noted, and the name may be one that matters.
    #[inline(never)]
    fn has_name(&self, record: &[u8], at: usize, names_an_event: &mut bool) -> bool {
        let key = at.checked_sub(NAME_KEY_RAREST.0).and_then(|start| record.get(start..));
        if !key.is_some_and(|rest| rest.starts_with(NAME_KEY)) {
            return false;
        }
        *names_an_event = true;
        match value_behind(record, at - NAME_KEY_RAREST.0 + NAME_KEY.len()) {
            Behind::Name(name) => self.names.binary_search_by(|known| by_length(known, name)).is_ok(),
            Behind::Unclear => true,
            Behind::NoValue => false,
        }
    }

    /// Whether the bytes name an event at all.
    pub fn names_an_event(&self, record: &[u8]) -> bool {
        memmem::find(record, NAME_KEY).is_some()
    }
}

/// The order of a name, in lower case, and one in any case.
fn by_length(known: &[u8], name: &[u8]) -> Ordering {
    let lower = || name.iter().map(u8::to_ascii_lowercase);
    known.len().cmp(&name.len()).then_with(|| known.iter().copied().cmp(lower()))
}

/// Whether the backslash at `at` escapes a character that needs no escape and could so hide a literal: a letter, a digit, or a
/// backslash that begins an escape one level deeper.
#[inline(never)]
fn can_hide(record: &[u8], at: usize) -> bool {
    let Some(digits) = checked::tail(record, at + 1).strip_prefix(ESCAPE) else { return false };
    let digit = |at: usize| digits.get(at).and_then(|b| char::from(*b).to_digit(16));
    match (digit(0), digit(1)) {
        (Some(high), Some(low)) => {
            let byte = (high * 16 + low) as u8;
            byte.is_ascii_alphanumeric() || matches!(byte, b'\\' | b'.' | b'-' | b'_' | b':')
        }
        _ => true,
    }
}

/// What a look at a record's bytes shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// It may matter to a rule.
    CanMatter,
    /// It is an event that matters to none.
    Nothing,
    /// It names no event: it is none, or a compressed one.
    NoEvent,
}

enum Behind<'a> {
    Name(&'a [u8]),
    NoValue,
    Unclear,
}

/// The value of a key whose name ends at `at`; quotes may be escaped, once or more.
fn value_behind(record: &[u8], at: usize) -> Behind<'_> {
    let slashes = |from: usize| checked::tail(record, from).iter().take_while(|b| **b == b'\\').count();
    // White space, plain or as an escape inside a text.
    let space = |mut at: usize| {
        loop {
            let n = slashes(at);
            match record.get(at + n) {
                Some(b' ' | b'\t' | b'\n' | b'\r') if n == 0 => at += 1,
                Some(b'n' | b't' | b'r') if n > 0 => at += n + 1,
                _ => return at,
            }
        }
    };
    let depth = slashes(at);
    let at = at + depth;
    if record.get(at) != Some(&b'"') {
        return Behind::NoValue;
    }
    let at = space(at + 1);
    if record.get(at) != Some(&b':') {
        return Behind::NoValue;
    }
    let at = space(at + 1);
    if slashes(at) != depth || record.get(at + depth) != Some(&b'"') {
        return Behind::NoValue;
    }
    let start = at + depth + 1;
    let rest = checked::tail(record, start);
    let len = rest.iter().position(|b| matches!(b, b'"' | b'\\'));
    let Some((name, _)) = len.and_then(|len| rest.split_at_checked(len)) else { return Behind::Unclear };
    let end = start + name.len();
    if slashes(end) == depth && record.get(end + depth) == Some(&b'"') {
        Behind::Name(name)
    } else {
        Behind::Unclear
    }
}

/// Every record that passes the leaf holds one of these literals; `None` if no literal is certain.
fn literals_of_leaf(leaf: &Leaf) -> Option<Vec<Literal>> {
    let mut best: Option<Vec<Literal>> = None;
    for_each_filter(leaf, |filter, places| best = better(best.take(), literals_of_filter(filter, places)));
    best
}

/// The list that lets fewer records through: names rather than texts, then the shorter list.
fn better(a: Option<Vec<Literal>>, b: Option<Vec<Literal>>) -> Option<Vec<Literal>> {
    let cost = |literals: &Vec<Literal>| {
        let texts = literals.iter().filter(|s| matches!(s, Literal::Text(_))).count();
        (texts, literals.len())
    };
    match (a, b) {
        (Some(a), Some(b)) => Some(if cost(&b) < cost(&a) { b } else { a }),
        (a, b) => a.or(b),
    }
}

fn literals_of_filter(e: &Expr, places: &Places) -> Option<Vec<Literal>> {
    match &e.kind {
        ExprKind::And(items) => items.iter().map(|i| literals_of_filter(i, places)).fold(None, better),
        ExprKind::Or(items) => {
            let all: Option<Vec<Vec<Literal>>> =
                items.iter().map(|i| literals_of_filter(i, places)).collect();
            all.map(|lists| lists.into_iter().flatten().collect())
        }
        ExprKind::Const(Value::Bool(false)) => Some(Vec::new()),
        ExprKind::Call(call) => {
            let (column, values) = match (call.name, &*call.args) {
                ("==" | "=~", [a, b]) => match (&a.kind, &b.kind) {
                    (ExprKind::Column(at), _) => (*at, std::slice::from_ref(b)),
                    (_, ExprKind::Column(at)) => (*at, std::slice::from_ref(a)),
                    _ => return None,
                },
                ("in" | "in~", [a, rest @ ..]) => match a.kind {
                    ExprKind::Column(at) => (at, rest),
                    _ => return None,
                },
                _ => return None,
            };
            let def = places.text_column(column)?;
            if !matches!(def.origin, Origin::Field(..)) {
                return None;
            }
            let exact = matches!(call.name, "==" | "in");
            let mut literals = Vec::new();
            for value in values {
                let items = kql::functions::call::list_items(value.as_const()?);
                for item in items {
                    literals.push(literal(def.name, item.as_str()?, exact)?);
                }
            }
            Some(literals)
        }
        _ => None,
    }
}

/// `None` where the raw record may spell the value in another way.
fn literal(column: &str, value: &str, exact: bool) -> Option<Literal> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':');
    if value.is_empty() || !value.bytes().all(plain) {
        return None;
    }
    match column {
        "EventName" => Some(Literal::Name(value.to_owned())),
        _ if exact => Some(Literal::Text(value.to_owned())),
        _ => None,
    }
}
