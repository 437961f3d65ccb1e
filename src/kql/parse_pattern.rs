//! How `parse`, `parse-where` and `parse-kv` cut a text. Source: semantics §9 (R19); Microsoft's docs.

use super::ast::ParsePart;
use super::plan::{Parse, ParseKv, ParseMode};
use crate::value::{Type, Value, convert, text};

/// The columns of a `parse` pattern and their values; `None` if the pattern does not match.
pub fn cut(p: &Parse, source: &Value) -> Option<Vec<(usize, Value)>> {
    let text = text::tostring(source, p.source.ty);
    match &p.mode {
        ParseMode::Simple(parts) => {
            let found = literal(parts, &text, &p.columns)?;
            // All or nothing: a column whose text is not of its type fails the whole row.
            let typed: Option<Vec<(usize, Value)>> = p
                .columns
                .iter()
                .zip(found)
                .map(|((at, ty), text)| typed(text, *ty).map(|v| (*at, v)))
                .collect();
            typed
        }
        ParseMode::Relaxed(parts) => {
            let found = literal(parts, &text, &[])?;
            let columns = p.columns.iter().zip(found);
            Some(
                columns
                    .map(|((at, ty), text)| (*at, typed(text, *ty).unwrap_or_else(|| ty.missing())))
                    .collect(),
            )
        }
        ParseMode::Regex(regex) => {
            let found = regex.captures(&text)?;
            let group = |i: usize| found.get(i + 1).map(|m| m.as_str()).unwrap_or_default();
            let columns = p.columns.iter().enumerate();
            Some(
                columns
                    .map(|(i, (at, ty))| (*at, typed(group(i), *ty).unwrap_or_else(|| ty.missing())))
                    .collect(),
            )
        }
    }
}

fn typed(text: &str, ty: Type) -> Option<Value> {
    let v = convert::convert(&Value::text(text), Type::String, ty);
    if ty == Type::String || ty == Type::Dynamic {
        return Some(v);
    }
    (!v.is_null()).then_some(v)
}

/// The texts of the columns of a literal pattern. A column runs to the next literal; a number that no literal
/// ends takes what reads as one; the last column takes the rest. With `columns` the types are known.
fn literal<'t>(parts: &[ParsePart], text: &'t str, columns: &[(usize, Type)]) -> Option<Vec<&'t str>> {
    let mut out: Vec<&'t str> = Vec::new();
    let mut rest = text;
    let mut star = false;
    // Where an open column's text starts.
    let mut open: Option<&'t str> = None;
    for part in parts {
        match part {
            ParsePart::Star(_) => star = true,
            ParsePart::Column(..) => {
                if let Some(text) = open.take() {
                    // Two columns side by side: the first takes what its type reads.
                    let ty = columns.get(out.len()).map_or(Type::String, |c| c.1);
                    let taken = if ty == Type::String { 0 } else { number_length(text) };
                    let (first, tail) = text.split_at_checked(taken)?;
                    out.push(first);
                    rest = tail;
                }
                if star {
                    star = false;
                }
                open = Some(rest);
            }
            ParsePart::Text(literal, _) => {
                let from = open.unwrap_or(rest);
                let at = from.find(&**literal)?;
                match open.take() {
                    Some(text) => out.push(text.get(..at)?),
                    None if !star && at != 0 => return None,
                    None => {}
                }
                star = false;
                rest = from.get(at + literal.len()..)?;
            }
        }
    }
    match open {
        Some(text) if star => {
            let ty = columns.get(out.len()).map_or(Type::String, |c| c.1);
            let taken = if ty == Type::String { text.len() } else { number_length(text) };
            out.push(text.get(..taken)?);
        }
        Some(text) => out.push(text),
        None if !star && !rest.is_empty() => return None,
        None => {}
    }
    Some(out)
}

fn number_length(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '-' | '+' | '.')).unwrap_or(text.len())
}

/// The columns of a `parse-kv` and their values.
pub fn key_values(p: &ParseKv, source: &Value) -> Vec<(usize, Value)> {
    let text = text::tostring(source, p.source.ty);
    let pairs = match &p.regex {
        Some(regex) => regex
            .captures_iter(&text)
            .filter_map(|c| Some((c.get(1)?.as_str().to_owned(), c.get(2)?.as_str().to_owned())))
            .collect(),
        None => pairs(p, &text),
    };
    p.columns
        .iter()
        .map(|(key, at, ty)| {
            let found = pairs.iter().find(|(k, _)| **k == **key);
            (*at, found.and_then(|(_, v)| typed(v, *ty)).unwrap_or_else(|| ty.missing()))
        })
        .collect()
}

/// Keys and values between delimiters; inside quotes delimiters are text.
fn pairs(p: &ParseKv, text: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for part in split_outside_quotes(p, text, &p.pair_delimiter) {
        let mut halves = split_outside_quotes(p, part, &p.kv_delimiter).into_iter();
        let Some(key) = halves.next() else { continue };
        let value = part.get(key.len() + p.kv_delimiter.len()..);
        match value {
            Some(value) => out.push((unquote(p, key.trim()), unquote(p, value.trim()))),
            // Without a key it belongs to the value before, if values are greedy.
            None if p.greedy => {
                if let Some((_, last)) = out.last_mut() {
                    last.push_str(&p.pair_delimiter);
                    last.push_str(part);
                }
            }
            None => {}
        }
    }
    out
}

fn split_outside_quotes<'t>(p: &ParseKv, text: &'t str, delimiter: &str) -> Vec<&'t str> {
    if delimiter.is_empty() {
        return vec![text];
    }
    let (mut out, mut from, mut closing, mut escaped) = (Vec::new(), 0, None, false);
    let mut skip_to = 0;
    for (i, c) in text.char_indices() {
        if i < skip_to {
            continue;
        }
        if escaped {
            escaped = false;
            continue;
        }
        if p.escape == Some(c) {
            escaped = true;
            continue;
        }
        match closing {
            Some(close) if c == close => closing = None,
            Some(_) => {}
            None => {
                if text.get(i..).is_some_and(|t| t.starts_with(delimiter)) {
                    out.push(text.get(from..i).unwrap_or_default());
                    from = i + delimiter.len();
                    skip_to = from;
                } else if let Some((_, close)) = p.quotes.iter().find(|(open, _)| *open == c) {
                    closing = Some(*close);
                }
            }
        }
    }
    out.push(text.get(from..).unwrap_or_default());
    out
}

fn unquote(p: &ParseKv, text: &str) -> String {
    let quoted = p.quotes.iter().find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close));
    let body = quoted.unwrap_or(text);
    match p.escape {
        Some(escape) => {
            let mut out = String::new();
            let mut chars = body.chars();
            while let Some(c) = chars.next() {
                if c == escape { out.extend(chars.next()) } else { out.push(c) }
            }
            out
        }
        None => body.to_owned(),
    }
}
