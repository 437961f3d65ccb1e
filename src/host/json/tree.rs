//! What JavaScript does with texts of rules: the tree of a YAML file, and the words of a query.

use super::{Object, write_array};
use crate::rule::yaml::{Content, Node};
use crate::rule::{Finding, yaml};
use kql::syntax::lex::{Token, lex};
use kql::value::json;
use saphyr_parser::ScalarStyle;

/// A YAML text as a tree in which everything has its place, `{"tree","findings"}`. A node has `line` and `column`, and one of
/// `text` (with `plain` where it is not in quotes), `list` of nodes, and `map` of `[key, line, column, node]`; none for a null.
pub fn yaml_tree(text: &str) -> String {
    let mut findings: Vec<Finding> = Vec::new();
    let root = yaml::parse(text, &mut findings);
    let mut out = String::new();
    let mut object = Object::begin(&mut out);
    let tree = object.member("tree");
    match &root {
        Some(root) => write_node(tree, root),
        None => tree.push_str("null"),
    }
    write_array(object.member("findings"), &findings, |out, f| {
        let Finding { severity, code, message, hint, line, column } = f;
        let mut object = Object::begin(out);
        object.text("severity", severity.name());
        object.text("code", code);
        object.text("message", message);
        object.optional_text("hint", hint.as_deref());
        object.plain("line", line);
        object.plain("column", column);
        object.end();
    });
    object.end();
    out
}

/// Its depth is bounded where the text is read.
fn write_node(out: &mut String, node: &Node) {
    let mut object = Object::begin(out);
    object.plain("line", node.position.line);
    object.plain("column", node.position.column);
    match &node.content {
        _ if node.is_null() => {}
        Content::Scalar(scalar) => {
            object.text("text", &scalar.text);
            if scalar.style == ScalarStyle::Plain {
                object.plain("plain", true);
            }
        }
        Content::List(items) => write_array(object.member("list"), items, write_node),
        Content::Map(entries) => write_array(object.member("map"), entries, |out, entry| {
            out.push('[');
            json::write_string(out, &entry.key);
            out.push_str(&format!(",{},{},", entry.position.line, entry.position.column));
            write_node(out, &entry.value);
            out.push(']');
        }),
    }
    object.end();
}

/// The words of a query: `[[start, end, kind], …]`, in bytes; `kind` is `name`, `text`, `literal` or `mark`. Between them is blank
/// space, and comments.
pub fn tokens(query: &str) -> String {
    let mut out = String::new();
    write_array(&mut out, lex(query).0, |out, lexeme| {
        let kind = match lexeme.token {
            Token::Name(_) => "name",
            Token::Text(_) => "text",
            Token::Literal(..) => "literal",
            Token::Mark(_) | Token::End => "mark",
        };
        out.push_str(&format!("[{},{},\"{kind}\"]", lexeme.span.start, lexeme.span.end));
    });
    out
}
