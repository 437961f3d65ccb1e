//! Functions of regular expressions. Source: docs/semantics.md#strings. Matching takes time in proportion to the
//! text. Positions count code points.

use super::call::{Cache, Call};
use super::operators;
use super::pattern::{self, Pattern};
use super::string::{MAX_TEXT, bounded, too_long, window};
use super::{
    DYNAMIC, Function, LONG, Naming, Returns, STRING, constant, integer, literal, one_of, optional, scalar,
    text, type_literal,
};
use crate::value::{Type, Value, convert};
use regex::Captures;
use std::rc::Rc;

const NONE: Naming = Naming::None;
const TEXT_OR_ARRAY: &[Type] = &[Type::String, Type::Dynamic];

/// The family.
pub static FUNCTIONS: &[Function] = &[
    function!("countof"(text("source"), text("search"), optional(literal(text("kind")))) -> LONG, NONE,
        "Counts the occurrences of one text in another; they may overlap. With kind 'regex', counts the matches of a pattern.",
        [("countof('aaa', 'aa')", "2"), ("countof('abcab', 'a.', 'regex')", "2")], count_of),
    function!("extract"(constant(text("regex")), integer("captureGroup"), text("source"),
            optional(type_literal("type")))
            -> Returns::TypeLiteral(3, Type::String), NONE,
        "Returns the text of a group in the first match of a pattern, or the empty string if there is no match.",
        [("extract('x=([0-9.]+)', 1, 'hello x=45.6|wo')", "45.6"),
        ("extract('x=([0-9]+)', 1, 'x=45', typeof(long))", "45")],
        extract),
    function!("extract_all"(constant(text("regex")), one_of("captureGroups", TEXT_OR_ARRAY), optional(text("source")))
            -> DYNAMIC, NONE,
        "Returns the groups of every match of a pattern: strings for one group, arrays of strings for several. Returns \
         null if there is no match.",
        [("extract_all('([a-z])([0-9])', 'a1 b2')", r#"[["a","1"],["b","2"]]"#),
         ("extract_all('([a-z])([0-9])', dynamic([2]), 'a1 b2')", r#"["1","2"]"#),
         ("extract_all('(?P<l>[a-z])([0-9])', dynamic(['l']), 'a1')", r#"["a"]"#),
         ("isnull(extract_all('(x)', 'a1'))", "true")], extract_all),
    function!("extractall"(constant(text("regex")), one_of("captureGroups", TEXT_OR_ARRAY), optional(text("source")))
            -> DYNAMIC, NONE, "The same as extract_all.", [("extractall('(a)', 'aa')", r#"["a","a"]"#)],
            extract_all),
    function!("indexof_regex"(scalar("string"), constant(text("regex")), optional(integer("start")),
            optional(integer("length")),
            optional(constant(integer("occurrence")))) -> LONG, NONE,
        "Returns the position of the first match of a pattern, counted from 0, or -1 if there is none. Returns null for a negative start.",
        [("indexof_regex('abcabc', @'b.')", "1"), ("indexof_regex('abc', 'x')", "-1"),
         ("indexof_regex('abcabc', @'a.c', 0, -1, 2)", "3")], index_of_regex),
    function!("regex_quote"(scalar("string")) -> STRING, NONE, "Escapes text so that a pattern matches it literally.",
        [("regex_quote('(so$)')", r"\(so\$\)")], |c| bounded(c, ::regex::escape(&c.text(0)))),
    function!("replace"(constant(text("regex")), constant(text("rewrite")), text("source")) -> STRING, NONE,
        "Replaces every match of a pattern, like replace_regex, with the source as the last argument.", [("replace('b+', 'x', 'abbc')", "axc")], |c| replace(c, 2,
        0, 1)),
    function!("replace_regex"(text("source"), constant(text("regex")), constant(text("rewrite"))) -> STRING, NONE,
        "Replaces every match of a pattern. \\1 in the replacement stands for the first group.",
        [(r"replace_regex('2019-01', @'(\d+)-(\d+)', @'\2/\1')", "01/2019")], |c| replace(c, 0, 1, 2)),
    function!("trim"(constant(text("regex")), text("source")) -> STRING, NONE,
            "Removes matches of a pattern from both ends.",
        [("trim('--', '--https://a--')", "https://a"), (r"trim(@'[^\w]+', '  - é -')", "é")], |c| trim(c,
        true, true)),
    function!("trim_end"(constant(text("regex")), text("source")) -> STRING, NONE,
            "Removes matches of a pattern from the end.",
        [("trim_end('.com', 'bing.com')", "bing")], |c| trim(c, false, true)),
    function!("trim_start"(constant(text("regex")), text("source")) -> STRING, NONE,
            "Removes matches of a pattern from the start.",
        [("trim_start('https://', 'https://bing.com')", "bing.com")], |c| trim(c, true, false)),
];

fn count_of(c: &Call) -> Value {
    let (source, search) = (c.text(0), c.text(1));
    if c.has(2) && c.text(2) == "regex" {
        return c.with_regex(1, |r| Value::Long(r.find_iter(&source).count() as i64)).unwrap_or_default();
    }
    if search.is_empty() {
        return Value::Long(0);
    }
    Value::Long(operators::occurrences(&source, &search).count() as i64)
}

fn extract(c: &Call) -> Value {
    let (source, ty) = (c.text(2), c.result());
    let group = c.count(1);
    let found = group.and_then(|g| {
        c.with_regex(0, |r| r.captures(&source).and_then(|m| m.get(g)).map(|m| m.as_str().to_owned()))
            .flatten()
    });
    match found {
        Some(text) if ty == Type::String => Value::from(text),
        Some(text) => convert::convert(&Value::from(text), Type::String, ty),
        None => c.missing(),
    }
}

/// The groups asked for that the pattern has; all where none of them is there or none is asked for.
fn groups(c: &Call, regex: &Pattern) -> Vec<usize> {
    let all = regex.captures_len();
    let asked = if c.has(2) { c.arg(1).as_array().unwrap_or_default() } else { &[] };
    let found: Vec<usize> = asked
        .iter()
        .filter_map(|v| match v {
            Value::String(name) => regex.capture_names().position(|n| n == Some(name)),
            other => other.as_integer().and_then(convert::to_count),
        })
        .filter(|i| (1..all).contains(i))
        .collect();
    if found.is_empty() { (1..all).collect() } else { found }
}

fn extract_all(c: &Call) -> Value {
    let source = c.text(if c.has(2) { 2 } else { 1 });
    let found = c.with_regex(0, |regex| {
        let groups = groups(c, regex);
        let group = |m: &Captures, i: usize| Value::text(m.get(i).map_or("", |g| g.as_str()));
        let one = |m: Captures| match groups.as_slice() {
            [i] => group(&m, *i),
            several => Value::array(several.iter().map(|i| group(&m, *i)).collect()),
        };
        if groups.is_empty() {
            return Vec::new();
        }
        regex.captures_iter(&source).map(one).collect()
    });
    found.filter(|f: &Vec<Value>| !f.is_empty()).map_or(Value::Null, Value::array)
}

fn index_of_regex(c: &Call) -> Value {
    let source = c.text(0);
    if c.has(2) && c.integer(2).is_none_or(|n| n < 0) {
        return Value::Null;
    }
    let Some((from, to)) = window(c, &source, 2, 3) else { return Value::Null };
    let wanted = if c.has(4) { c.integer(4).unwrap_or(1) } else { 1 };
    let Some(nth) = wanted.checked_sub(1).and_then(convert::to_count) else { return Value::Null };
    let part = source.get(from..to).unwrap_or_default();
    let Some(found) = c.with_regex(1, |r| r.find_iter(part).nth(nth).map(|m| m.start())) else {
        return Value::Null;
    };
    Value::Long(found.map_or(-1, |at| source.get(..from + at).unwrap_or_default().chars().count() as i64))
}

fn replace(c: &Call, source: usize, pattern: usize, rewrite: usize) -> Value {
    let (source, rewrite) = (c.text(source), pieces(&c.text(rewrite)));
    c.with_regex(pattern, |regex| {
        let mut out = String::new();
        let mut at = 0;
        for found in regex.captures_iter(&source) {
            let Some(whole) = found.get(0) else { continue };
            out.push_str(source.get(at..whole.start()).unwrap_or_default());
            for piece in &rewrite {
                out.push_str(match piece {
                    Piece::Text(text) => text,
                    Piece::Group(i) => found.get(*i).map_or("", |g| g.as_str()),
                });
                // Nothing longer than the limit is made, not even to be thrown away.
                if out.len() > MAX_TEXT {
                    return too_long(c);
                }
            }
            at = whole.end();
        }
        out.push_str(source.get(at..).unwrap_or_default());
        bounded(c, out)
    })
    .unwrap_or_else(|| c.missing())
}

/// A part of what a match is replaced by.
enum Piece {
    Text(String),
    Group(usize),
}

/// `\1` is the first group, `\0` the whole match, `\\` a backslash; any other backslash is itself.
fn pieces(rewrite: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut text = String::new();
    let mut chars = rewrite.chars().peekable();
    while let Some(c) = chars.next() {
        let group = chars.peek().filter(|_| c == '\\').and_then(|d| d.to_digit(10));
        match group {
            Some(group) => {
                chars.next();
                out.extend([Piece::Text(std::mem::take(&mut text)), Piece::Group(group as usize)]);
            }
            None => {
                text.push(c);
                if c == '\\' {
                    chars.next_if_eq(&'\\');
                }
            }
        }
    }
    out.push(Piece::Text(text));
    out
}

fn edges(pattern: &str) -> Option<[Rc<Pattern>; 2]> {
    let compile = |p: String| pattern::compile(&p).ok();
    Some([compile(format!("^(?:{pattern})"))?, compile(format!("(?:{pattern})$"))?])
}

fn trim(c: &Call, start: bool, end: bool) -> Value {
    // What `toscalar` found is a constant of one run alone.
    let made;
    let found = match c.site.constant.first() {
        Some(true) => match c.site.cache.get_or_init(|| Cache::Edges(edges(&c.text(0)))) {
            Cache::Edges(edges) => edges.as_ref(),
            _ => None,
        },
        _ => {
            made = edges(&c.text(0));
            made.as_ref()
        }
    };
    let source = c.text(1);
    let (mut from, mut to) = (0, source.len());
    if let Some([first, last]) = found {
        if start && let Some(m) = first.find(&source) {
            from = m.end();
        }
        // From there on, but seeing the whole: a ^ in the pattern still means the start of the text.
        if end && let Some(m) = last.find_at(&source, from) {
            to = m.start();
        }
    }
    Value::text(source.get(from..to).unwrap_or_default())
}
