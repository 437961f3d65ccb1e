//! YAML text to a small tree in which everything knows its position.
//!
//! The tree is bounded: text of at most [`MAX_BYTES`], [`MAX_DEPTH`] levels, [`MAX_NODES`] nodes. Aliases are
//! refused (no published rule uses them, and a few nested ones can stand for gigabytes).

use super::finding::{self, Finding, Position};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

/// The largest rule file read. The longest query Sentinel takes is 10,000 characters, the longest description 5,000.
pub const MAX_BYTES: usize = 256 * 1024;
/// How deep a rule may nest. Sentinel's format needs five levels.
pub const MAX_DEPTH: usize = 16;
/// How many values a rule may have.
pub const MAX_NODES: usize = 10_000;

/// A value and where it begins.
#[derive(Debug)]
pub struct Node {
    /// The value.
    pub content: Content,
    /// Where it begins.
    pub position: Position,
}

/// The three kinds of YAML values.
#[derive(Debug)]
pub enum Content {
    /// A text, a number, a truth value: all text here.
    Scalar(Scalar),
    /// `- a`
    List(Vec<Node>),
    /// `key: value`, each key once.
    Map(Vec<Entry>),
}

/// A scalar as it is read, and where its source stands.
#[derive(Debug)]
pub struct Scalar {
    /// Its text, escapes undone.
    pub text: String,
    /// How it was written.
    pub style: ScalarStyle,
    /// Where its source begins, in characters from the start of the file. For `|` and `>` that is the first
    /// character of content, not the indicator.
    pub start: usize,
}

/// A key and its value.
#[derive(Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub position: Position,
    /// The value.
    pub value: Node,
}

impl Node {
    /// Whether this is YAML's null: nothing, `~` or `null` without quotes.
    pub fn is_null(&self) -> bool {
        matches!(&self.content, Content::Scalar(s)
            if s.style == ScalarStyle::Plain && matches!(s.text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The kind in words, for messages.
    pub fn kind(&self) -> &'static str {
        match &self.content {
            _ if self.is_null() => "nothing",
            Content::Scalar(_) => "a string",
            Content::List(_) => "a list",
            Content::Map(_) => "a mapping",
        }
    }
}

fn position(mark: Marker) -> Position {
    Position { line: mark.line().max(1), column: mark.col() + 1 }
}

/// A collection that is still open.
struct Open {
    node: Node,
    /// In a mapping: the key that waits for its value.
    key: Option<(String, Position)>,
}

/// Reads one document. `None` when there is no tree to speak of; the findings say why.
pub fn parse(text: &str, findings: &mut Vec<Finding>) -> Option<Node> {
    let start = Position { line: 1, column: 1 };
    if text.len() > MAX_BYTES {
        let message = format!("the file has {} bytes; a rule file can have at most {MAX_BYTES}", text.len());
        findings.push(Finding::new(finding::TOO_LARGE, start, message));
        return None;
    }
    let mut tree = Builder { open: Vec::new(), root: None, nodes: 0, findings };
    let mut parser = Parser::new_from_str(text);
    let mut documents = 0;
    while let Some(event) = parser.next_event() {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                let message = format!("invalid YAML: {}", error.info());
                tree.findings.push(Finding::new(finding::SYNTAX, position(*error.marker()), message));
                return None;
            }
        };
        let at = position(span.start);
        let tagged = match &event {
            Event::Scalar(_, _, _, tag) | Event::SequenceStart(_, tag) | Event::MappingStart(_, tag) => {
                tag.is_some()
            }
            _ => false,
        };
        if tagged {
            tree.findings.push(Finding::new(finding::TAG, at, "Sentinel ignores YAML tags in a rule"));
        }
        let goes_on = match event {
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    let message = "a second YAML document starts here; a rule file holds one rule";
                    tree.findings.push(
                        Finding::new(finding::DOCUMENT, at, message)
                            .with_hint("put each rule into its own file"),
                    );
                }
                documents == 1
            }
            Event::Scalar(text, style, _, _) => {
                let scalar = Scalar { text: text.into_owned(), style, start: span.start.index() };
                tree.value(Node { content: Content::Scalar(scalar), position: at })
            }
            Event::SequenceStart(..) => tree.push(Node { content: Content::List(Vec::new()), position: at }),
            Event::MappingStart(..) => tree.push(Node { content: Content::Map(Vec::new()), position: at }),
            Event::SequenceEnd | Event::MappingEnd => match tree.open.pop() {
                Some(open) => tree.attach(open.node),
                None => true,
            },
            Event::Alias(_) => {
                tree.findings.push(
                    Finding::new(finding::ALIAS, at, "YAML aliases are not supported in rules")
                        .with_hint("repeat the value instead of the alias"),
                );
                let scalar =
                    Scalar { text: String::new(), style: ScalarStyle::Plain, start: span.start.index() };
                tree.value(Node { content: Content::Scalar(scalar), position: at })
            }
            _ => true,
        };
        if !goes_on {
            break;
        }
    }
    let root = tree.root.take();
    match &root {
        Some(Node { content: Content::Map(_), .. }) => root,
        // Cut off at a limit: said already.
        _ if findings.iter().any(|f| f.code == finding::TOO_LARGE.id) => None,
        Some(node) if !node.is_null() => {
            let message = format!("a rule must be a YAML mapping; this file holds {}", node.kind());
            findings.push(Finding::new(finding::DOCUMENT, node.position, message));
            None
        }
        _ => {
            findings.push(Finding::new(finding::DOCUMENT, start, "the file is empty"));
            None
        }
    }
}

struct Builder<'f> {
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
    findings: &'f mut Vec<Finding>,
}

impl Builder<'_> {
    /// Counts a node; false at the limit.
    fn count(&mut self, at: Position) -> bool {
        self.nodes += 1;
        let message = if self.nodes > MAX_NODES {
            format!("the file has more than {MAX_NODES} values")
        } else if self.open.len() >= MAX_DEPTH {
            format!("the file nests more than {MAX_DEPTH} levels")
        } else {
            return true;
        };
        self.findings.push(Finding::new(finding::TOO_LARGE, at, message));
        false
    }

    fn push(&mut self, node: Node) -> bool {
        let goes_on = self.count(node.position);
        self.open.push(Open { node, key: None });
        goes_on
    }

    fn value(&mut self, node: Node) -> bool {
        self.count(node.position) && self.attach(node)
    }

    /// Puts a finished value where it belongs.
    fn attach(&mut self, node: Node) -> bool {
        let Some(open) = self.open.last_mut() else {
            self.root.get_or_insert(node);
            return true;
        };
        match &mut open.node.content {
            Content::List(items) => items.push(node),
            Content::Map(entries) => match open.key.take() {
                None => {
                    let text = match node.content {
                        Content::Scalar(s) => s.text,
                        _ => {
                            let message = "a key must be a string";
                            self.findings.push(Finding::new(finding::SHAPE, node.position, message));
                            String::new()
                        }
                    };
                    open.key = Some((text, node.position));
                }
                Some((key, position)) => match entries.iter().find(|e| e.key == key) {
                    Some(first) => self.findings.push(Finding::new(
                        finding::DUPLICATE_KEY,
                        position,
                        format!(
                            "duplicate key {:?}; it is already set in line {}",
                            finding::shown(&key),
                            first.position.line
                        ),
                    )),
                    None => entries.push(Entry { key, position, value: node }),
                },
            },
            Content::Scalar(_) => {}
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<(&'static str, usize, usize)> {
        let mut findings = Vec::new();
        parse(text, &mut findings);
        findings.iter().map(|f| (f.code, f.line, f.column)).collect()
    }

    #[test]
    fn problems_have_places() {
        for (text, want) in [
            ("a: 1\nb:\n  - c: [1, 2]\n", vec![]),
            ("\u{feff}a: 1\r\nb: 2\r\n", vec![]),
            ("", vec![("FP206", 1, 1)]),
            ("# nothing\n", vec![("FP206", 1, 1)]),
            ("- a\n", vec![("FP206", 1, 1)]),
            ("a: 1\n---\nb: 2\n", vec![("FP206", 2, 1)]),
            ("a: 1\nb: 2\na: 3\nb: 4\n", vec![("FP204", 3, 1), ("FP204", 4, 1)]),
            ("a: &x 1\nb: *x\nc: *x\n", vec![("FP203", 2, 4), ("FP203", 3, 4)]),
            ("a: !!int 1\n", vec![("FP205", 1, 4)]),
            ("a: 'open\n", vec![("FP201", 1, 4)]),
            ("? [a]\n: b\n", vec![("FP209", 1, 3)]),
        ] {
            assert_eq!(codes(text), want, "{text:?}");
        }
    }

    #[test]
    fn size_is_bounded() {
        assert_eq!(codes(&" ".repeat(MAX_BYTES + 1)), [("FP202", 1, 1)]);
        assert_eq!(codes(&format!("a: {}", "[".repeat(100))), [("FP202", 1, 19)]);
        assert_eq!(codes(&"- ".repeat(100_000)), [("FP202", 1, 33)]);
        let many: String = (0..MAX_NODES).map(|i| format!("k{i}: v\n")).collect();
        assert_eq!(codes(&many), [("FP202", 5000, 8)]);
    }
}
