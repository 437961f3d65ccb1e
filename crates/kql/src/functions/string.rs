//! String functions. Source: docs/semantics.md#strings. Positions and lengths count code points.

use super::call::{Call, list_items, shared};
use super::{
    BOOL, DYNAMIC, Function, LONG, Naming, STRING, constant, dynamic, integer, number, one_of, operators,
    optional, punycode, repeated, scalar, text, text_or_dynamic,
};
use crate::syntax::ast::TextMatch;
use crate::value::{Type, Value, convert, meter, text as value_text};
use memchr::memchr;
use memchr::memmem;
use std::borrow::Cow;

/// The longest text in bytes that a function makes; a longer one is the empty text, as nothing in a log is that long.
pub const MAX_TEXT: usize = 16 << 20;

const NONE: Naming = Naming::None;
const INTEGER_OR_ARRAY: &[Type] = &[Type::Int, Type::Long, Type::Dynamic];

/// The family.
pub static FUNCTIONS: &[Function] = &[
    function!("has_any_index"(text_or_dynamic("source"), dynamic("values")) -> LONG, NONE,
        "Returns the position, counted from 0, of the first term in a list that the text contains, or -1 if it contains none.",
        [("has_any_index('this is an example', dynamic(['no', 'Example']))", "1"),
        ("has_any_index('a', dynamic([]))", "-1")],
        has_any_index),
    function!("indexof"(scalar("string"), scalar("match"), optional(integer("start")),
            optional(integer("length")),
            optional(constant(integer("occurrence")))) -> LONG, NONE,
        "Returns the position of one text in another, counted from 0, or -1 if it does not occur. Returns null for the position of the empty string.",
        [("indexof('abcdefg', 'cde')", "2"), ("indexof('abcabc', 'b', 2)", "4"), ("indexof('abc', 'x')",
        "-1"),
         ("indexof('éaa', 'a', 0, -1, 2)", "2"), ("indexof('abcabcabc', 'c', 0, 4, 2)", "5")], index_of),
    function!("isascii"(scalar("value")) -> BOOL, NONE, "Returns whether all characters are ASCII.",
        [("isascii('abc')", "true"), ("isascii('é')", "false")], |c| Value::Bool(c.text(0).is_ascii())),
    function!("isutf8"(scalar("value")) -> BOOL, NONE, "Returns whether text is valid UTF-8. In Forepost it always is.",
        [("isutf8('é')", "true")], |_| Value::Bool(true)),
    function!("make_string"(repeated(one_of("value", INTEGER_OR_ARRAY))) -> STRING, NONE,
        "The same as unicode_codepoints_to_string.", [("make_string(75, dynamic([117, 115]))", "Kus")],
        from_codepoints),
    // The names read the other way round: it is as Kusto has it.
    function!("punycode_domain_from_string"(text("encoded_string")) -> STRING, NONE,
            "Decodes the Punycode labels of a domain name.",
        [("punycode_domain_from_string('xn--bcher-kva.example')", "bücher.example")],
        |c| punycode::domain_to_text(&c.text(0)).map_or_else(|| c.missing(), Value::from)),
    function!("punycode_domain_to_string"(text("domain")) -> STRING, NONE,
        "Encodes the non-ASCII labels of a domain name as Punycode.",
        [("punycode_domain_to_string('bücher.example')", "xn--bcher-kva.example")],
        |c| punycode::domain_from_text(&c.text(0)).map_or_else(|| c.missing(), Value::from)),
    function!("punycode_from_string"(text("string")) -> STRING, NONE, "Encodes text as Punycode.",
        [("punycode_from_string('bücher')", "bcher-kva")],
        |c| punycode::encode(&c.text(0)).map_or_else(|| c.missing(), Value::from)),
    function!("punycode_to_string"(text("string")) -> STRING, NONE,
            "Decodes Punycode. Returns the empty string if the text is not Punycode.",
        [("punycode_to_string('bcher-kva')", "bücher")],
        |c| punycode::decode(&c.text(0)).map_or_else(|| c.missing(), Value::from)),
    function!("replace_string"(text("text"), text("lookup"), text("rewrite")) -> STRING, NONE,
    "Replaces every occurrence of a text.", [("replace_string('a cat', 'cat', 'hamster')", "a hamster")],
    |c| {
        let (source, lookup) = (c.text(0), c.text(1));
        if lookup.is_empty() { Value::text(&source) } else { replace_one(c, &source, &lookup, &c.text(2)) }
    }),
    function!("replace_strings"(text("text"), dynamic("lookups"), dynamic("rewrites")) -> STRING, NONE,
        "Replaces every occurrence of several texts in one pass. A replacement is not replaced again.",
        [("replace_strings('a cat, a dog', dynamic(['cat', 'dog']), dynamic(['dog', 'cat']))",
        "a dog, a cat")],
        replace_strings),
    function!("reverse"(scalar("value")) -> STRING, NONE, "Reverses the characters of a text.", [("reverse('abc')", "cba")],
        |c| Value::from(c.text(0).chars().rev().collect::<String>())),
    function!("split"(scalar("source"), text("delimiter"), optional(integer("requestedIndex"))) -> DYNAMIC,
        Naming::FirstArgument,
        "Splits text at each delimiter. With an index, returns a one-element array with that part.",
        [("split('a/b/c', '/')", r#"["a","b","c"]"#), ("split('a/b/c', '/', 1)", r#"["b"]"#),
        ("split('', '/')", r#"[""]"#)],
        split),
    function!("strcat"(repeated(scalar("arg"))) -> STRING, NONE,
            "Joins its arguments into one string.",
        [("strcat('a', 1, true)", "a1True")], |c| join(c, (0..c.args.len()).map(|i| c.text(i)), "")),
    function!("strcat_delim"(scalar("delimiter"), scalar("arg"), repeated(scalar("arg"))) -> STRING, NONE,
    "Joins its arguments into one string with a delimiter between them.", [("strcat_delim('-', 'a', 2)", "a-2")],
    |c| join(c, (1..c.args.len()).map(|i| c.text(i)), &c.text(0))),
    function!("strcmp"(scalar("string1"), scalar("string2")) -> LONG, NONE,
        "Compares two texts. Returns -1, 0 or 1 if the first sorts before, equal to or after the second.",
        [("strcmp('a', 'b')", "-1"), ("strcmp('a', 'a')", "0")],
        |c| Value::Long(c.text(0).cmp(&c.text(1)) as i64)),
    function!("string_size"(text_or_dynamic("source")) -> LONG, Naming::NameAndFirstArgument,
        "Returns the number of bytes of a text in UTF-8.", [("string_size('héllo')", "6")],
        |c| Value::Long(c.text(0).len() as i64)),
    function!("strlen"(text_or_dynamic("source")) -> LONG, Naming::NameAndFirstArgument,
        "Returns the number of code points of a text.", [("strlen('héllo')", "5")],
        |c| Value::Long(c.text(0).chars().count() as i64)),
    function!("strrep"(scalar("value"), integer("multiplier"), optional(scalar("delimiter"))) -> STRING, NONE,
        "Repeats a text, at most 1,024 times. A result above 16 MB ends the query with an error.",
        [("strrep('ab', 3)", "ababab"), ("strrep('a', 2, '-')", "a-a")], string_repeat),
    function!("substring"(scalar("source"), number("start"), optional(number("length"))) -> STRING, NONE,
        "Returns part of a text. The position counts from 0; without a length, the part reaches to the end.",
        [("substring('123456', 1)", "23456"), ("substring('123456', 2, 2)", "34"), ("substring('ABCD', 0, 2)",
        "AB")],
        substring),
    function!("to_utf8"(scalar("value")) -> DYNAMIC, NONE, "The same as unicode_codepoints_from_string.",
        [("to_utf8('é')", "[233]")], codepoints),
    function!("tolower"(scalar("value")) -> STRING, NONE, "Converts text to lower case.", [("tolower('Hello')", "hello")],
        |c| Value::from(operators::fold(&c.text(0)))),
    function!("toupper"(scalar("value")) -> STRING, NONE, "Converts text to upper case.", [("toupper('Hello')", "HELLO")],
        |c| Value::from(c.text(0).chars().map(value_text::upper_char).collect::<String>())),
    function!("translate"(text("searchList"), text("replacementList"), text("source")) -> STRING, NONE,
        "Replaces characters of one list by those at the same position of another list. The last one replaces all characters beyond its end.",
        [("translate('krasp', 'otsku', 'spark')", "kusto"), ("translate('abc', 'x', 'abc')", "xxx"),
         ("translate('abc', '', 'abd')", "d")], translate),
    function!("unicode_codepoints_from_string"(scalar("value")) -> DYNAMIC, NONE,
            "Returns the code points of a text.",
        [("unicode_codepoints_from_string('aé')", "[97,233]")], codepoints),
    function!("unicode_codepoints_to_string"(repeated(one_of("value", INTEGER_OR_ARRAY))) -> STRING, NONE,
        "Makes text from code points, or from arrays of them. Returns the empty string if any is invalid.",
        [("unicode_codepoints_to_string(97, dynamic([233, 98]))", "aéb")], from_codepoints),
];

/// A text within [`MAX_TEXT`].
pub(super) fn bounded(c: &Call, text: String) -> Value {
    if text.len() > MAX_TEXT { too_long(c) } else { Value::from(text) }
}

/// What stands for a text past [`MAX_TEXT`], until the run that asked for it ends with an error.
pub(super) fn too_long(c: &Call) -> Value {
    meter::refuse();
    c.missing()
}

/// Texts one after the other with a delimiter between them; [too long](too_long) past [`MAX_TEXT`], before it is made.
pub(super) fn join<'a>(c: &Call, texts: impl Iterator<Item = Cow<'a, str>>, delimiter: &str) -> Value {
    let mut out = String::new();
    for (i, text) in texts.enumerate() {
        if i > 0 {
            out.push_str(delimiter);
        }
        out.push_str(&text);
        if out.len() > MAX_TEXT {
            return too_long(c);
        }
    }
    Value::from(out)
}

fn has_any_index(c: &Call) -> Value {
    let source = operators::fold(&c.text(0));
    let Some(values) = c.arg(1).as_array() else { return Value::Null };
    let has = |v: &Value| {
        meter::step(source.len() / 64 + 1);
        let term = operators::fold(&value_text::tostring(v, Type::Dynamic));
        meter::is_over() || operators::matches_text(TextMatch::Has, true, &source, &term)
    };
    Value::Long(values.iter().position(has).map_or(-1, |i| i as i64))
}

/// The byte range that `start` and `length` (in characters, a start below zero from the end) select.
pub(super) fn window(c: &Call, source: &str, start: usize, length: usize) -> Option<(usize, usize)> {
    let chars = source.chars().count() as i64;
    let from = c.integer(start).filter(|_| c.has(start)).unwrap_or(0);
    let from = if from < 0 { from.saturating_add(chars) } else { from }.clamp(0, chars);
    let count = match c.integer(length).filter(|_| c.has(length)) {
        Some(n) if n >= 0 => n.min(chars - from),
        Some(-1) | None => chars - from,
        Some(_) => return None,
    };
    let byte = |n: i64| source.char_indices().nth(n as usize).map_or(source.len(), |(i, _)| i);
    Some((byte(from), byte(from + count)))
}

fn index_of(c: &Call) -> Value {
    let (source, lookup) = (c.text(0), c.text(1));
    if lookup.is_empty() {
        return Value::Null;
    }
    let Some((from, to)) = window(c, &source, 2, 3) else { return Value::Null };
    let wanted = if c.has(4) { c.integer(4).unwrap_or(1) } else { 1 };
    let count = |text: Option<&str>| text.map_or(0, |t| t.chars().count());
    let (start, size) = (count(source.get(..from)), count(Some(&lookup)));
    let length = if to < source.len() { count(source.get(from..to)) } else { usize::MAX };
    let rest = source.get(from..).unwrap_or_default();
    let (mut place, mut before) = (0, 0);
    let mut found = operators::occurrences(rest, &lookup).map(|at| {
        place += count(rest.get(before..at));
        before = at;
        place
    });
    // The length counts anew behind every occurrence.
    let mut at = 0;
    for _ in 1..wanted {
        match found.next() {
            Some(place) if place + size <= length.saturating_add(at) => at = place + 1,
            _ => return Value::Long(-1),
        }
    }
    match found.next() {
        Some(place) if place + size <= length.saturating_add(at) => Value::Long((start + place) as i64),
        _ => Value::Long(-1),
    }
}

fn replace_one(c: &Call, source: &str, lookup: &str, rewrite: &str) -> Value {
    let found = source.matches(lookup).count();
    // Nothing longer than the limit is made, not even to be thrown away.
    if found.saturating_mul(rewrite.len()).saturating_add(source.len()) > MAX_TEXT.saturating_mul(2) {
        return too_long(c);
    }
    bounded(c, source.replace(lookup, rewrite))
}

/// Lookups that are no text are not looked for; a text whose rewrite is none stays.
fn replace_strings(c: &Call) -> Value {
    let source = c.text(0);
    let (Some(lookups), Some(rewrites)) = (c.arg(1).as_array(), c.arg(2).as_array()) else {
        return Value::text(&source);
    };
    let pairs: Vec<(&str, Option<&str>)> = lookups
        .iter()
        .enumerate()
        .filter_map(|(i, v)| {
            Some((v.as_str().filter(|s| !s.is_empty())?, rewrites.get(i).and_then(Value::as_str)))
        })
        .collect();
    // What is settled is not looked at again: the first of the list takes its matches everywhere, then the next.
    let mut pieces: Vec<(&str, bool)> = vec![(&source, false)];
    let mut length = source.len();
    for (lookup, rewrite) in pairs {
        meter::step(source.len() / 64 + pieces.len() / 16 + 1);
        if meter::is_over() {
            return c.missing();
        }
        let mut next = Vec::with_capacity(pieces.len());
        for (piece, settled) in pieces {
            if settled {
                next.push((piece, true));
                continue;
            }
            for (i, part) in piece.split(lookup).enumerate() {
                if i > 0 {
                    let put = rewrite.unwrap_or(lookup);
                    length = (length - lookup.len()).saturating_add(put.len());
                    next.push((put, true));
                }
                if !part.is_empty() {
                    next.push((part, false));
                }
            }
        }
        pieces = next;
    }
    if length > MAX_TEXT {
        too_long(c)
    } else {
        Value::from(pieces.into_iter().map(|(p, _)| p).collect::<String>())
    }
}

fn split(c: &Call) -> Value {
    let (source, delimiter) = (c.text(0), c.text(1));
    let parts: Vec<Value> = if delimiter.is_empty() {
        vec![shared(source, c.arg(0))]
    } else {
        pieces(&source, &delimiter).into_iter().map(Value::text).collect()
    };
    if !c.has(2) {
        return Value::array(parts);
    }
    let Some(part) = c.count(2).and_then(|i| parts.get(i)) else {
        return Value::Null;
    };
    Value::array(vec![part.clone()])
}

/// As `str::split`, by the searches that the engine has anyway: a first answer does not wait for another one to be compiled.
fn pieces<'a>(text: &'a str, delimiter: &str) -> Vec<&'a str> {
    let find = |rest: &str| match delimiter.as_bytes() {
        [byte] => memchr(*byte, rest.as_bytes()),
        bytes => memmem::find(rest.as_bytes(), bytes),
    };
    let (mut out, mut rest) = (Vec::new(), text);
    while let Some(end) = find(rest) {
        out.push(rest.get(..end).unwrap_or_default());
        rest = rest.get(end + delimiter.len()..).unwrap_or_default();
    }
    out.push(rest);
    out
}

fn string_repeat(c: &Call) -> Value {
    let (text, delimiter) = (c.text(0), if c.has(2) { c.text(2) } else { "".into() });
    let times = c.count(1).unwrap_or(0).min(1024);
    if (text.len() + delimiter.len()).saturating_mul(times) > MAX_TEXT {
        return too_long(c);
    }
    Value::from(vec![&*text; times].join(&delimiter))
}

fn substring(c: &Call) -> Value {
    let source = c.text(0);
    let start = c.integer(1).unwrap_or(0);
    let from = if start < 0 { (source.chars().count() as i64).saturating_add(start) } else { start };
    // Further back than the start is outside. (The docs do not say; a peer measured it.)
    let Some(from) = convert::to_count(from) else { return c.missing() };
    let length = if c.has(2) { c.count(2).unwrap_or(0) } else { usize::MAX };
    Value::from(source.chars().skip(from).take(length).collect::<String>())
}

fn translate(c: &Call) -> Value {
    let replacement: Vec<char> = c.text(1).chars().collect();
    // Of a character that is listed again the first place counts.
    let mut listed: Vec<(usize, char)> = c.text(0).chars().enumerate().collect();
    listed.sort_by_key(|(_, ch)| *ch);
    let put = |ch: char| match listed.get(listed.partition_point(|(_, listed)| *listed < ch)) {
        Some((i, listed)) if *listed == ch => replacement.get(*i).or(replacement.last()).copied(),
        _ => Some(ch),
    };
    bounded(c, c.text(2).chars().filter_map(put).collect())
}

fn codepoints(c: &Call) -> Value {
    Value::array(c.text(0).chars().map(|ch| Value::Long(i64::from(u32::from(ch)))).collect())
}

fn from_codepoints(c: &Call) -> Value {
    let point = |v: &Value| v.as_integer().and_then(|n| u32::try_from(n).ok()).and_then(char::from_u32);
    let text: Option<String> = c.args.iter().flat_map(list_items).map(point).collect();
    text.map_or_else(|| c.missing(), |t| bounded(c, t))
}
