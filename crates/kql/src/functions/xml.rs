//! XML to nested property bags, as `parse_xml` gives them: elements, attributes and text; comments, processing
//! instructions and the document type are passed over, and no entity is looked up but the five of XML itself.

use crate::value::{Bag, Str, Value, json::MAX_DEPTH};
use indexmap::IndexMap;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use std::collections::HashSet;
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
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        match reader.read_event().ok()? {
            Event::Start(_) if open.len() == MAX_DEPTH => return None,
            Event::Start(tag) => open.push(element(&tag)?),
            Event::Empty(tag) => close(element(&tag)?, &mut open, &mut root)?,
            Event::End(_) => close(open.pop()?, &mut open, &mut root)?,
            Event::Text(text) => match open.last_mut() {
                Some(element) => element.text.push_str(&text.xml10_content()),
                None if text.trim().is_empty() => {}
                None => return None,
            },
            Event::CData(text) => open.last_mut()?.text.push_str(&text.xml10_content()),
            Event::GeneralRef(entity) => {
                let text = &mut open.last_mut()?.text;
                match entity.resolve_char_ref().ok()? {
                    Some(c) => text.push(c),
                    None => text.push_str(resolve_xml_entity(&entity)?),
                }
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            Event::Eof => return root.filter(|_| open.is_empty()),
        }
    }
}

/// An element with its attributes. The reader takes more for a name than XML does.
fn element(tag: &BytesStart) -> Option<Element> {
    let named = |name: &str| name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let name = tag.name().into_inner().to_owned();
    let mut attributes = Vec::new();
    let mut seen = HashSet::new();
    // The reader looks for an attribute that is there twice among all others, which takes long if there are many.
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.ok()?;
        let key = attribute.key.into_inner();
        if !named(key) || attribute.value.contains('<') || !seen.insert(key) {
            return None;
        }
        let value = attribute.normalized_value(XmlVersion::Explicit1_0).ok()?;
        attributes.push((Rc::from(format!("@{key}")), Value::text(&value)));
    }
    named(&name).then_some(Element { name, attributes, children: Vec::new(), text: String::new() })
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
            ("\u{feff}<e a = '&#x41;&quot;' b=\"'\"></e >\n", r#"{"e":{"@a":"A\"","@b":"'"}}"#),
            ("<!DOCTYPE e [<!ENTITY x \"<y>\">]><n:e.f-1>a&amp;b]]&gt;</n:e.f-1>", r#"{"n:e.f-1":"a&b]]>"}"#),
            ("<e a='1\n2'>a\r\nb<!-- & -->c<?p?></e>", r##"{"e":{"@a":"1 2","#text":"a\nbc"}}"##),
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
            "<1/>",
            "< e/>",
            "<e $='1'/>",
            "<e a='<'/>",
            "<e a='&x;'/>",
            "<e a/>",
            "<e>&</e>",
            "<e>&#0;</e>",
            "<e/>&amp;",
            "<e/><![CDATA[]]>",
            "<!DOCTYPE e [<!ENTITY x 'y'>]><e>&x;</e>",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
        assert!(parse(&"<e>".repeat(100_000)).is_none());
        let attributes: String = (10_000..90_000).map(|i| format!(" a{i}=''")).collect();
        assert!(parse(&format!("<e{attributes}/>")).is_some());
    }
}
