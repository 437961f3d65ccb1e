//! How `parse`, `parse-where` and `parse-kv` cut a text. Source: docs/semantics.md#parse; Microsoft's docs, parse
//! and parse-kv operators.

use crate::plan::{KvMode, Parse, ParseKv};
use crate::value::{Type, Value, convert, text};
use std::borrow::Cow;

/// The columns of a `parse` pattern and their values; `None` if the row does not match.
pub fn cut(p: &Parse, source: &Value) -> Option<Vec<(usize, Value)>> {
    let text = text::tostring(source, p.source.ty);
    let found = p.pattern.captures(&text)?;
    let mut out = Vec::with_capacity(p.columns.len());
    for (group, at, ty) in &p.columns {
        let text = found.get(*group).map(|m| m.as_str()).unwrap_or_default();
        match typed(text, *ty) {
            Some(v) => out.push((*at, v)),
            // All or nothing.
            None if p.strict => return None,
            None => out.push((*at, ty.missing())),
        }
    }
    Some(out)
}

/// The value a text holds; `None` if it is not of the type.
fn typed(text: &str, ty: Type) -> Option<Value> {
    // Blanks around a bool are not part of it, as for a constant: see `tobool`.
    let text = if ty == Type::Bool { text.trim() } else { text };
    let v = convert::convert(&Value::text(text), Type::String, ty);
    let any = matches!(ty, Type::String | Type::Dynamic);
    (any || !v.is_null()).then_some(v)
}

/// The columns of a `parse-kv` and their values: the first pair of each key counts.
pub fn key_values(p: &ParseKv, source: &Value) -> Vec<(usize, Value)> {
    let text = text::tostring(source, p.source.ty);
    let mut found: Vec<Option<String>> = vec![None; p.columns.len()];
    let mut take = |key: &str, value: String| {
        if let Some(i) = p.columns.iter().position(|(k, ..)| **k == *key)
            && let Some(slot @ None) = found.get_mut(i)
        {
            *slot = Some(value);
        }
    };
    match &p.mode {
        KvMode::Regex(regex) => {
            for pair in regex.captures_iter(&text) {
                if let (Some(key), Some(value)) = (pair.get(1), pair.get(2)) {
                    take(key.as_str().trim(), value.as_str().trim().to_owned());
                }
            }
        }
        KvMode::Delimited { pair, kv, greedy } => {
            let text = if pair.trim().is_empty() { closed_up(p, &text, kv) } else { text };
            for (key, value) in pairs(p, &text, pair, kv, *greedy) {
                take(&unquoted(p, key.trim()), unquoted(p, value.trim()));
            }
        }
        KvMode::Words => {
            let words = words(p, &text);
            for two in words.windows(2) {
                if let [key, value] = two {
                    take(key, value.clone());
                }
            }
        }
    }
    let value = |(slot, (_, at, ty)): (Option<String>, &(_, usize, Type))| {
        (*at, slot.and_then(|text| typed(&text, *ty)).unwrap_or_else(|| ty.missing()))
    };
    found.into_iter().zip(&p.columns).map(value).collect()
}

/// A text without the blanks around the delimiters of keys and values: where blanks end a pair, these do not.
fn closed_up<'t>(p: &ParseKv, text: &'t str, kv: &str) -> Cow<'t, str> {
    let parts = split_outside_quotes(p, text, kv);
    let last = parts.len().saturating_sub(1);
    let close = |(i, part): (usize, &&'t str)| {
        let part = if i > 0 { part.trim_start() } else { part };
        if i < last { part.trim_end() } else { part }
    };
    Cow::Owned(parts.iter().enumerate().map(close).collect::<Vec<_>>().join(kv))
}

/// Keys and values between delimiters.
fn pairs<'t>(p: &ParseKv, text: &'t str, pair: &str, kv: &str, greedy: bool) -> Vec<(&'t str, &'t str)> {
    let mut out: Vec<(&'t str, &'t str)> = Vec::new();
    // Where the last value starts, and where the part that is looked at does.
    let (mut value_start, mut at) = (0, 0);
    for part in split_outside_quotes(p, text, pair) {
        let end = at + part.len();
        let key = split_outside_quotes(p, part, kv).into_iter().next().unwrap_or_default();
        if key.len() < part.len() {
            value_start = at + key.len() + kv.len();
            out.push((key, text.get(value_start..end).unwrap_or_default()));
        } else if greedy && let Some((_, value)) = out.last_mut() {
            // A part without a key belongs to the value before it.
            *value = text.get(value_start..end).unwrap_or_default();
        }
        at = end + pair.len();
    }
    out
}

/// The parts of a text between delimiters; inside quotes a delimiter is text.
fn split_outside_quotes<'t>(p: &ParseKv, text: &'t str, delimiter: &str) -> Vec<&'t str> {
    let (mut out, mut from, mut skip_to) = (Vec::new(), 0, 0);
    let (mut closing, mut escaped) = (None, false);
    for (i, c) in text.char_indices() {
        if i < skip_to {
            continue;
        }
        if std::mem::take(&mut escaped) {
            continue;
        }
        match closing {
            Some(_) if p.escapes.contains(&c) => escaped = true,
            Some(close) if c == close => closing = None,
            Some(_) => {}
            None if text.get(i..).is_some_and(|rest| rest.starts_with(delimiter)) => {
                out.push(text.get(from..i).unwrap_or_default());
                from = i + delimiter.len();
                skip_to = from;
            }
            None => closing = p.quotes.iter().find(|(open, _)| *open == c).map(|(_, close)| *close),
        }
    }
    out.push(text.get(from..).unwrap_or_default());
    out
}

/// A text without its quotes, its escapes undone.
fn unquoted(p: &ParseKv, text: &str) -> String {
    let quoted = |(open, close): &(char, char)| text.strip_prefix(*open)?.strip_suffix(*close);
    match p.quotes.iter().find_map(quoted) {
        Some(body) => unescaped(p, body),
        None => text.to_owned(),
    }
}

fn unescaped(p: &ParseKv, body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    let mut chars = body.chars();
    while let Some(c) = chars.next() {
        if p.escapes.contains(&c) { out.extend(chars.next()) } else { out.push(c) }
    }
    out
}

/// The words of a text: runs of letters and digits, and what stands in quotes.
fn words(p: &ParseKv, text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut word = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c.is_alphanumeric() {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            out.push(std::mem::take(&mut word));
        }
        let Some((_, close)) = p.quotes.iter().find(|(open, _)| *open == c) else { continue };
        let mut quoted = String::new();
        while let Some(c) = chars.next() {
            if c == *close {
                break;
            }
            if p.escapes.contains(&c) { quoted.extend(chars.next()) } else { quoted.push(c) }
        }
        out.push(quoted);
    }
    if !word.is_empty() {
        out.push(word);
    }
    out
}
