//! XML to nested property bags, as `parse_xml` gives them: elements, attributes and text; comments, processing
//! instructions and the document type are passed over, and no entity is looked up but the five of XML itself.

use crate::value::{Bag, Str, Value, json::MAX_DEPTH};
use indexmap::IndexMap;
use std::rc::Rc;

/// An element that is open.
struct Element {
    name: String,
    attributes: Vec<(Str, Value)>,
    children: Vec<(Str, Value)>,
    text: String,
}

/// The value of an XML document. `None` if it is none, or nested deeper than JSON may be.
pub fn parse(text: &str) -> Option<Value> {
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    let mut rest = text.trim_start_matches('\u{feff}');
    while !rest.is_empty() {
        let (before, markup) = rest.split_at_checked(rest.find('<').unwrap_or(rest.len()))?;
        match open.last_mut() {
            Some(element) => element.text.push_str(&unescape(before)?),
            None if before.trim().is_empty() => {}
            None => return None,
        }
        if markup.is_empty() {
            break;
        }
        rest = markup;
        if let Some(after) = after_skipped(rest) {
            rest = after?;
        } else if let Some(data) = rest.strip_prefix("<![CDATA[") {
            let (data, after) = data.split_once("]]>")?;
            open.last_mut()?.text.push_str(data);
            rest = after;
        } else if let Some(tag) = rest.strip_prefix("</") {
            let (name, after) = tag.split_once('>')?;
            let element = open.pop().filter(|e| e.name == name.trim_end())?;
            close(element, &mut open, &mut root)?;
            rest = after;
        } else {
            let (element, empty, after) = start_tag(rest.get(1..)?)?;
            if open.len() == MAX_DEPTH {
                return None;
            }
            if empty {
                close(element, &mut open, &mut root)?
            } else {
                open.push(element)
            }
            rest = after;
        }
    }
    root.filter(|_| open.is_empty())
}

/// What is behind a comment, a processing instruction or a document type: `Some(None)` if it does not end.
fn after_skipped(text: &str) -> Option<Option<&str>> {
    let end = |open: &str, close: &str| {
        text.strip_prefix(open).map(|inner| inner.split_once(close).map(|(_, after)| after))
    };
    end("<!--", "-->").or_else(|| end("<?", "?>")).or_else(|| end("<!DOCTYPE", ">"))
}

/// An element's name and attributes, whether it is empty, and what is behind its tag.
fn start_tag(text: &str) -> Option<(Element, bool, &str)> {
    let (name, mut rest) = name_of(text)?;
    let mut attributes: Vec<(Str, Value)> = Vec::new();
    loop {
        let spaced = rest.trim_start();
        if let Some(after) = spaced.strip_prefix("/>") {
            return Some((element(name, attributes), true, after));
        }
        if let Some(after) = spaced.strip_prefix('>') {
            return Some((element(name, attributes), false, after));
        }
        if spaced.len() == rest.len() {
            return None;
        }
        let (key, after) = name_of(spaced)?;
        let after = after.trim_start().strip_prefix('=')?.trim_start();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, after) = after.get(1..)?.split_once(quote)?;
        let key: Str = Rc::from(format!("@{key}"));
        if value.contains('<') || attributes.iter().any(|(k, _)| *k == key) {
            return None;
        }
        attributes.push((key, Value::from(unescape(value)?)));
        rest = after;
    }
}

fn element(name: &str, attributes: Vec<(Str, Value)>) -> Element {
    Element { name: name.to_owned(), attributes, children: Vec::new(), text: String::new() }
}

fn name_of(text: &str) -> Option<(&str, &str)> {
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':')))
        .unwrap_or(text.len());
    text.split_at_checked(end).filter(|(n, _)| n.starts_with(|c: char| c.is_alphabetic() || c == '_'))
}

/// Gives an element's value to the one around it, or to the document, which has one.
fn close(e: Element, open: &mut [Element], root: &mut Option<Value>) -> Option<()> {
    let text = e.text.trim();
    let value = if e.attributes.is_empty() && e.children.is_empty() {
        if text.is_empty() { Value::Null } else { Value::text(text) }
    } else {
        let mut pairs = e.attributes;
        if !text.is_empty() {
            pairs.push((Rc::from("#text"), Value::text(text)));
        }
        pairs.extend(grouped(e.children));
        Value::bag(Bag::from_distinct(pairs))
    };
    let name: Str = Rc::from(e.name);
    match open.last_mut() {
        Some(outer) => outer.children.push((name, value)),
        None if root.is_none() => *root = Some(Value::bag(Bag::from_distinct(vec![(name, value)]))),
        None => return None,
    }
    Some(())
}

/// Children of one name become an array at the place of the first.
fn grouped(children: Vec<(Str, Value)>) -> Vec<(Str, Value)> {
    let mut out: IndexMap<Str, Vec<Value>> = IndexMap::new();
    for (name, value) in children {
        out.entry(name).or_default().push(value);
    }
    let one = |mut values: Vec<Value>| {
        if values.len() == 1 { values.pop().unwrap_or_default() } else { Value::array(values) }
    };
    out.into_iter().map(|(name, values)| (name, one(values))).collect()
}

fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, entity)) = rest.split_once('&') {
        out.push_str(before);
        let (entity, after) = entity.split_once(';')?;
        out.push(match entity {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let number = entity.strip_prefix('#')?;
                let code = match number.strip_prefix('x') {
                    Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(code)?
            }
        });
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json::to_text;

    #[test]
    fn documents() {
        for (text, want) in [
            ("<e/>", r#"{"e":null}"#),
            ("<e>text</e>", r#"{"e":"text"}"#),
            ("<e name=\"value\" />", r#"{"e":{"@name":"value"}}"#),
            ("<e> <a>x</a> <b>y</b> </e>", r#"{"e":{"a":"x","b":"y"}}"#),
            ("<e> text <a>x</a> </e>", r##"{"e":{"#text":"text","a":"x"}}"##),
            ("<?xml version='1.0'?><!-- c --><é>&lt;&#233;<![CDATA[<x>]]></é>", r#"{"é":"<é<x>"}"#),
            ("<e><a>1</a><b/><a>2</a></e>", r#"{"e":{"a":["1","2"],"b":null}}"#),
        ] {
            assert_eq!(parse(text).map(|v| to_text(&v)).as_deref(), Some(want), "{text}");
        }
        for bad in [
            "",
            "x",
            "<e>",
            "</e>",
            "<e></f>",
            "<e/><f/>",
            "<e a=1/>",
            "<e a='1' a='2'/>",
            "<e>&x;</e>",
            "<e",
            "<!--",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
        assert!(parse(&"<e>".repeat(100_000)).is_none());
    }
}
