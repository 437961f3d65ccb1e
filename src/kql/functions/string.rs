//! String functions. Source: semantics §7. Positions and lengths count code points.

use super::call::{Call, compile_regex, shared};
use super::{
    Function, Naming, Returns, integer, number, optional, repeated, scalar, text, text_or_dynamic,
    type_literal,
};
use crate::value::{Type, Value, convert};

/// The longest text a function makes.
const MAX_TEXT: usize = 16 << 20;

/// The family.
pub static FUNCTIONS: &[Function] = &[
    Function {
        name: "countof",
        params: &[text("text"), text("search"), optional(text("kind"))],
        returns: Returns::Type(Type::Long),
        naming: Naming::None,
        doc: "How often a text stands in another, overlapping; with kind 'regex', how often a pattern matches.",
        examples: &[("countof('aaa', 'aa')", "2"), ("countof('abcab', 'a.', 'regex')", "2")],
        eval: count_of,
    },
    Function {
        name: "extract",
        params: &[text("regex"), integer("captureGroup"), text("source"), optional(type_literal("type"))],
        returns: Returns::TypeLiteral(3, Type::String),
        naming: Naming::None,
        doc: "What a group of a pattern matched first; the empty text where nothing did.",
        examples: &[
            ("extract('x=([0-9.]+)', 1, 'hello x=45.6|wo')", "45.6"),
            ("extract('x=([0-9]+)', 1, 'x=45', typeof(long))", "45"),
        ],
        eval: extract,
    },
    Function {
        name: "indexof",
        params: &[
            scalar("source"),
            text_or_dynamic("lookup"),
            optional(integer("start")),
            optional(integer("length")),
            optional(integer("occurrence")),
        ],
        returns: Returns::Type(Type::Long),
        naming: Naming::None,
        doc: "Where a text first stands in another, from 0; -1 if it does not.",
        examples: &[
            ("indexof('abcdefg', 'cde')", "2"),
            ("indexof('abcabc', 'b', 2)", "4"),
            ("indexof('abc', 'x')", "-1"),
        ],
        eval: index_of,
    },
    Function {
        name: "indexof_regex",
        params: &[
            scalar("source"),
            text("regex"),
            optional(integer("start")),
            optional(integer("length")),
            optional(integer("occurrence")),
        ],
        returns: Returns::Type(Type::Long),
        naming: Naming::None,
        doc: "Where a pattern first matches, from 0; -1 if it does not.",
        examples: &[("indexof_regex('abcabc', @'b.')", "1"), ("indexof_regex('abc', 'x')", "-1")],
        eval: index_of_regex,
    },
    Function {
        name: "replace_regex",
        params: &[text("source"), text("regex"), text("rewrite")],
        returns: Returns::Type(Type::String),
        naming: Naming::None,
        doc: "Replaces every match of a pattern; \\1 in the replacement is the first group.",
        examples: &[("replace_regex('2019-01', @'(\\d+)-(\\d+)', @'\\2/\\1')", "01/2019")],
        eval: replace_regex,
    },
    Function {
        name: "replace_string",
        params: &[text("text"), text("lookup"), text("rewrite")],
        returns: Returns::Type(Type::String),
        naming: Naming::None,
        doc: "Replaces every occurrence of a text.",
        examples: &[("replace_string('a cat', 'cat', 'hamster')", "a hamster")],
        eval: |c| bounded(c, c.text(0).replace(&*c.text(1), &c.text(2))),
    },
    Function {
        name: "reverse",
        params: &[scalar("value")],
        returns: Returns::Type(Type::String),
        naming: Naming::None,
        doc: "The text backwards.",
        examples: &[("reverse('abc')", "cba")],
        eval: |c| Value::from(c.text(0).chars().rev().collect::<String>()),
    },
    Function {
        name: "split",
        params: &[text_or_dynamic("source"), text("delimiter"), optional(integer("index"))],
        returns: Returns::Type(Type::Dynamic),
        naming: Naming::FirstArgument,
        doc: "Cuts the source at each delimiter; with an index, that one part as a one-element array.",
        examples: &[
            ("split('a/b/c', '/')", r#"["a","b","c"]"#),
            ("split('a/b/c', '/', 1)", r#"["b"]"#),
            ("split('', '/')", r#"[""]"#),
        ],
        eval: split,
    },
    Function {
        name: "strcat",
        params: &[repeated(scalar("arg"))],
        returns: Returns::Type(Type::String),
        naming: Naming::None,
        doc: "The texts of its arguments one after the other.",
        examples: &[("strcat('a', 1, true)", "a1True")],
        eval: |c| bounded(c, (0..c.args.len()).map(|i| c.text(i)).collect()),
    },
    Function {
        name: "strcat_delim",
        params: &[scalar("delimiter"), repeated(scalar("arg"))],
        returns: Returns::Type(Type::String),
        naming: Naming::None,
        doc: "The texts of its arguments with a delimiter between them.",
        examples: &[("strcat_delim('-', 'a', 2)", "a-2")],
        eval: |c| {
            let parts: Vec<_> = (1..c.args.len()).map(|i| c.text(i)).collect();
            bounded(c, parts.join(&c.text(0)))
        },
    },
    Function {
        name: "strcmp",
        params: &[text("string1"), text("string2")],
        returns: Returns::Type(Type::Long),
        naming: Naming::None,
        doc: "-1, 0 or 1 as the first text is before, equal to or after the second.",
        examples: &[("strcmp('a', 'b')", "-1"), ("strcmp('a', 'a')", "0")],
        eval: |c| Value::Long(c.text(0).cmp(&c.text(1)) as i64),
    },
    Function {
        name: "strlen",
        params: &[text_or_dynamic("source")],
        returns: Returns::Type(Type::Long),
        naming: Naming::NameAndFirstArgument,
        doc: "How many code points a text has.",
        examples: &[("strlen('héllo')", "5")],
        eval: |c| Value::Long(c.text(0).chars().count() as i64),
    },
    Function {
        name: "strrep",
        params: &[scalar("value"), integer("multiplier"), optional(scalar("delimiter"))],
        returns: Returns::Type(Type::String),
        naming: Naming::None,
        doc: "The text several times over.",
        examples: &[("strrep('ab', 3)", "ababab"), ("strrep('a', 2, '-')", "a-a")],
        eval: string_repeat,
    },
    Function {
        name: "substring",
        params: &[text_or_dynamic("source"), number("start"), optional(number("length"))],
        returns: Returns::Type(Type::String),
        naming: Naming::None,
        doc: "Part of a text, from a position counted from 0; without a length, to the end.",
        examples: &[
            ("substring('123456', 1)", "23456"),
            ("substring('123456', 2, 2)", "34"),
            ("substring('ABCD', 0, 2)", "AB"),
        ],
        eval: substring,
    },
    Function {
        name: "tolower",
        params: &[text_or_dynamic("source")],
        returns: Returns::Type(Type::String),
        naming: Naming::None,
        doc: "Lower case.",
        examples: &[("tolower('Hello')", "hello")],
        eval: |c| Value::from(c.text(0).to_lowercase()),
    },
    Function {
        name: "toupper",
        params: &[text_or_dynamic("source")],
        returns: Returns::Type(Type::String),
        naming: Naming::None,
        doc: "Upper case.",
        examples: &[("toupper('Hello')", "HELLO")],
        eval: |c| Value::from(c.text(0).to_uppercase()),
    },
    Function {
        name: "trim",
        params: &[text("regex"), text("source")],
        returns: Returns::Type(Type::String),
        naming: Naming::None,
        doc: "Cuts what a pattern matches off both ends.",
        examples: &[("trim('--', '--https://a--')", "https://a")],
        eval: |c| trim(c, true, true),
    },
    Function {
        name: "trim_end",
        params: &[text("regex"), text("source")],
        returns: Returns::Type(Type::String),
        naming: Naming::None,
        doc: "Cuts what a pattern matches off the end.",
        examples: &[("trim_end('.com', 'bing.com')", "bing")],
        eval: |c| trim(c, false, true),
    },
    Function {
        name: "trim_start",
        params: &[text("regex"), text("source")],
        returns: Returns::Type(Type::String),
        naming: Naming::None,
        doc: "Cuts what a pattern matches off the start.",
        examples: &[("trim_start('https://', 'https://bing.com')", "bing.com")],
        eval: |c| trim(c, true, false),
    },
];

/// A text within the limit; a longer one is null's text, as nothing in a log is that long.
pub(super) fn bounded(c: &Call, text: String) -> Value {
    if text.len() > MAX_TEXT { c.missing() } else { Value::from(text) }
}

fn count_of(c: &Call) -> Value {
    let (source, search) = (c.text(0), c.text(1));
    if c.has(2) && c.text(2) == "regex" {
        return c.with_regex(1, |r| Value::Long(r.find_iter(&source).count() as i64)).unwrap_or_default();
    }
    if search.is_empty() {
        return Value::Long(0);
    }
    let found =
        source.char_indices().filter(|(i, _)| source.get(*i..).is_some_and(|s| s.starts_with(&*search)));
    Value::Long(found.count() as i64)
}

fn extract(c: &Call) -> Value {
    let (source, ty) = (c.text(2), c.result());
    let group = usize::try_from(c.integer(1).unwrap_or(-1)).ok();
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

/// The byte range that `start` and `length` (in characters, from the end if negative) select, and the
/// characters before it.
fn window(c: &Call, source: &str, start: usize, length: usize) -> Option<(usize, usize, i64)> {
    let chars = source.chars().count() as i64;
    let from = c.integer(start).filter(|_| c.has(start)).unwrap_or(0);
    let from = if from < 0 { from + chars } else { from }.clamp(0, chars);
    let count = match c.integer(length).filter(|_| c.has(length)) {
        Some(n) if n >= 0 => n.min(chars - from),
        Some(-1) | None => chars - from,
        Some(_) => return None,
    };
    let byte = |n: i64| source.char_indices().nth(n as usize).map_or(source.len(), |(i, _)| i);
    Some((byte(from), byte(from + count), from))
}

fn index_of(c: &Call) -> Value {
    let (source, lookup) = (c.text(0), c.text(1));
    let Some((from, to, _)) = window(c, &source, 2, 3) else { return Value::Null };
    let wanted = if c.has(4) { c.integer(4).unwrap_or(1) } else { 1 };
    let part = source.get(from..to).unwrap_or_default();
    let found = part
        .char_indices()
        .map(|(i, _)| i)
        .chain([part.len()])
        .filter(|i| part.get(*i..).is_some_and(|s| s.starts_with(&*lookup)))
        .nth(usize::try_from(wanted - 1).unwrap_or(usize::MAX));
    Value::Long(found.map_or(-1, |at| source.get(..from + at).unwrap_or_default().chars().count() as i64))
}

fn index_of_regex(c: &Call) -> Value {
    let source = c.text(0);
    let Some((from, to, _)) = window(c, &source, 2, 3) else { return Value::Null };
    let wanted = if c.has(4) { c.integer(4).unwrap_or(1) } else { 1 };
    let part = source.get(from..to).unwrap_or_default();
    let nth = usize::try_from(wanted - 1).unwrap_or(usize::MAX);
    let Some(found) = c.with_regex(1, |r| r.find_iter(part).nth(nth).map(|m| m.start())) else {
        return Value::Null;
    };
    Value::Long(found.map_or(-1, |at| source.get(..from + at).unwrap_or_default().chars().count() as i64))
}

fn replace_regex(c: &Call) -> Value {
    let (source, rewrite) = (c.text(0), rewrite_of(&c.text(2)));
    c.with_regex(1, |r| bounded(c, r.replace_all(&source, rewrite.as_str()).into_owned()))
        .unwrap_or_else(|| c.missing())
}

/// Kusto's `\1` in the notation of the regex library, in which `$` is special.
fn rewrite_of(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '$' => out.push_str("$$"),
            '\\' => match chars.next() {
                Some(d) if d.is_ascii_digit() => out.push_str(&format!("${{{d}}}")),
                Some('\\') => out.push('\\'),
                Some(other) => out.extend(['\\', other]),
                None => out.push('\\'),
            },
            _ => out.push(c),
        }
    }
    out
}

fn split(c: &Call) -> Value {
    let (source, delimiter) = (c.text(0), c.text(1));
    let parts: Vec<Value> = if delimiter.is_empty() {
        vec![shared(source, c.arg(0))]
    } else {
        source.split(&*delimiter).map(Value::text).collect()
    };
    if !c.has(2) {
        return Value::array(parts);
    }
    let Some(part) = c.integer(2).and_then(|i| usize::try_from(i).ok()).and_then(|i| parts.get(i)) else {
        return Value::Null;
    };
    Value::array(vec![part.clone()])
}

fn string_repeat(c: &Call) -> Value {
    let (text, delimiter) = (c.text(0), if c.has(2) { c.text(2) } else { "".into() });
    let times = usize::try_from(c.integer(1).unwrap_or(0)).unwrap_or(0).min(1024);
    if (text.len() + delimiter.len()).saturating_mul(times) > MAX_TEXT {
        return c.missing();
    }
    Value::from(vec![&*text; times].join(&delimiter))
}

fn substring(c: &Call) -> Value {
    let source = c.text(0);
    let chars = source.chars().count() as i64;
    let start = c.integer(1).unwrap_or(0);
    let from = if start < 0 { (chars + start).max(0) } else { start };
    let length = if c.has(2) { c.integer(2).unwrap_or(0).max(0) } else { chars };
    Value::from(source.chars().skip(from as usize).take(length as usize).collect::<String>())
}

fn trim(c: &Call, start: bool, end: bool) -> Value {
    let (pattern, source) = (c.text(0), c.text(1));
    let mut text: &str = &source;
    if start
        && let Ok(regex) = compile_regex(&format!("^(?:{pattern})"))
        && let Some(found) = regex.find(text)
    {
        text = text.get(found.end()..).unwrap_or_default();
    }
    if end
        && let Ok(regex) = compile_regex(&format!("(?:{pattern})$"))
        && let Some(found) = regex.find(text)
    {
        text = text.get(..found.start()).unwrap_or_default();
    }
    Value::text(text)
}
