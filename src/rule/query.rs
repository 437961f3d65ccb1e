//! The query's text, and where each byte of it stands in the rule file.

use super::finding::{Finding, Position};
use super::yaml::Scalar;
use crate::checked;
use kql::diagnostic::Diagnostic;
use saphyr_parser::ScalarStyle;

/// A query with its map into the rule file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The KQL as YAML yields it.
    pub text: String,
    /// From byte `.0` on, the text stands in the file from `.1` on, on that line, character by character. Sorted by
    /// offset; never empty.
    runs: Vec<(u32, Position)>,
}

impl Query {
    /// The query of a scalar of the file `source`.
    pub(super) fn new(source: &str, scalar: &Scalar, position: Position) -> Query {
        let mut runs = vec![(0, position)];
        match scalar.style {
            ScalarStyle::Literal => literal(source, scalar, position, &mut runs),
            _ => flowed(source, scalar, position, &mut runs),
        }
        Query { text: scalar.text.clone(), runs }
    }

    /// A problem of the query as one of the rule file.
    pub fn finding(&self, diagnostic: &Diagnostic) -> Finding {
        // What is missing at the end of the query is missing behind its last word, not before the file's next key.
        let end = self.text.trim_end().len() as u32;
        let Position { line, column } = self.position(diagnostic.span.start.min(end));
        let Diagnostic { severity, code, message, hint, .. } = diagnostic.clone();
        Finding { severity, code, message, hint, line, column }
    }

    /// Where a byte of the query stands. Exact in block literals (`|`), and for all but white space in every other
    /// style. Where text and file cannot be matched, the position is the last one that could.
    pub fn position(&self, offset: u32) -> Position {
        let index = self.runs.partition_point(|(start, _)| *start <= offset).saturating_sub(1);
        let (start, position) = self.runs.get(index).copied().unwrap_or((0, Position { line: 1, column: 1 }));
        let end = self.runs.get(index + 1).map_or(u32::MAX, |(next, _)| *next);
        let end = self.text.floor_char_boundary(offset.min(end) as usize);
        let between = checked::text(&self.text, start as usize..end);
        // A line break belongs to the line it ends.
        let line = between.split_once('\n').map_or(between, |(line, _)| line);
        Position { line: position.line, column: position.column + line.chars().count() }
    }
}

/// The lines of a text as YAML counts them: ended by LF, CRLF or CR.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(['\n', '\r']) else {
            rest = None;
            return Some(text);
        };
        let (line, after) = text.split_at_checked(end)?;
        rest = after.strip_prefix("\r\n").or_else(|| after.strip_prefix(['\n', '\r']));
        Some(line)
    })
}

/// In a block literal every line of the text is a line of the file less its indentation.
fn literal(source: &str, scalar: &Scalar, position: Position, runs: &mut Vec<(u32, Position)>) {
    // The scalar's position is its first line that is not empty.
    let empty = scalar.text.bytes().take_while(|b| *b == b'\n').count();
    let first = position.line.saturating_sub(empty).max(1);
    let mut offset = 0_usize;
    for (i, (line, file_line)) in scalar.text.split('\n').zip(lines(source).skip(first - 1)).enumerate() {
        if !line.is_empty()
            && let Some(indent) = file_line.strip_suffix(line)
            && indent.bytes().all(|b| b == b' ')
        {
            runs.push((offset as u32, Position { line: first + i, column: indent.len() + 1 }));
        } else if line.is_empty() {
            runs.push((offset as u32, Position { line: first + i, column: 1 }));
        }
        offset += line.len() + 1;
    }
    runs.sort_by_key(|(offset, _)| *offset);
    runs.dedup_by(|later, earlier| {
        // The first entry (the scalar's own position) gives way to what was found for the same byte.
        let same = later.0 == earlier.0;
        if same {
            earlier.1 = later.1;
        }
        same
    });
}

/// In every other style line breaks are folded and escapes undone: the text's characters are found one after
/// another in the file, white space apart.
fn flowed(source: &str, scalar: &Scalar, position: Position, runs: &mut Vec<(u32, Position)>) {
    let start = source.char_indices().nth(scalar.start).map_or(source.len(), |(i, _)| i);
    let mut file = checked::text(source, start..source.len()).chars().peekable();
    let Position { mut line, mut column } = position;
    let quote = match scalar.style {
        ScalarStyle::DoubleQuoted => Some('"'),
        ScalarStyle::SingleQuoted => Some('\''),
        _ => None,
    };
    if quote.is_some() && file.next_if_eq(&'"').or_else(|| file.next_if_eq(&'\'')).is_some() {
        column += 1;
    }
    // The position that would continue the last run.
    let mut expected = Position { line: 0, column: 0 };
    for (offset, c) in scalar.text.char_indices() {
        if c.is_whitespace() {
            expected.column += 1;
            continue;
        }
        // Step over white space, folded line breaks and the escapes that stand for white space.
        let (at, width) = loop {
            let Some(f) = file.peek().copied() else { return };
            if f == '\n' || f == '\r' {
                file.next();
                if f == '\r' {
                    file.next_if_eq(&'\n');
                }
                (line, column) = (line + 1, 1);
            } else if f.is_whitespace() {
                file.next();
                column += 1;
            } else if f == '\\' && quote == Some('"') {
                file.next();
                let width = 2 + match file.next() {
                    Some('x') => skip(&mut file, 2),
                    Some('u') => skip(&mut file, 4),
                    Some('U') => skip(&mut file, 8),
                    Some(e @ ('n' | 't' | 'r' | ' ' | '_' | 'N' | 'L' | 'P' | 'v' | 'f' | '\t'))
                        if e != c =>
                    {
                        column += 2;
                        continue;
                    }
                    Some('\n') => {
                        (line, column) = (line + 1, 1);
                        continue;
                    }
                    Some('\r') => {
                        file.next_if_eq(&'\n');
                        (line, column) = (line + 1, 1);
                        continue;
                    }
                    _ => 0,
                };
                break (Position { line, column }, width);
            } else if f == c {
                file.next();
                let doubled = f == '\'' && quote == Some('\'') && file.next_if_eq(&'\'').is_some();
                break (Position { line, column }, 1 + usize::from(doubled));
            } else {
                return;
            }
        };
        column += width;
        if at != expected {
            runs.push((offset as u32, at));
        }
        expected = Position { line, column: at.column + 1 };
    }
}

fn skip(file: &mut impl Iterator<Item = char>, n: usize) -> usize {
    file.take(n).count()
}

#[cfg(test)]
mod tests {
    use crate::rule::yaml::{self, Content};
    use crate::rule::{Position, Query};

    /// The position of every occurrence of a marker character in the query against its positions in the file.
    fn check(file: &str, markers: &[char]) {
        let mut findings = Vec::new();
        let tree = yaml::parse(file, &mut findings).expect(file);
        let Content::Map(entries) = &tree.content else { panic!() };
        let entry = entries.iter().find(|e| e.key == "query").expect(file);
        let Content::Scalar(scalar) = &entry.value.content else { panic!() };
        let query = Query::new(file, scalar, entry.value.position);
        for marker in markers {
            let in_query: Vec<Position> =
                query.text.match_indices(*marker).map(|(i, _)| query.position(i as u32)).collect();
            let in_file: Vec<Position> = super::lines(file.trim_start_matches('\u{feff}'))
                .enumerate()
                .flat_map(|(l, text)| {
                    let positions = text.chars().enumerate().filter(|(_, c)| c == marker);
                    positions.map(move |(i, _)| Position { line: l + 1, column: i + 1 })
                })
                .collect();
            assert!(!in_query.is_empty(), "{file:?}");
            assert_eq!(in_query, in_file, "{marker:?} in {file:?} → {:?}", query.text);
        }
    }

    #[test]
    fn every_style() {
        for file in [
            "query: |\n  Ä\n  | Ö Ü\nid: x\n",
            "query: |-\n      Ä\n      | Ö\n\n      | Ü",
            "# c\nquery: |+\n\n\n   Ä\n     Ö\n   Ü\n\n\nid: 1\n",
            "query: |2\n\n    Ä\n   Ö Ü\n",
            "query: |\r\n  Ä\r\n  | Ö \"Ü\"\r\nid: 1\r\n",
            "\u{feff}query: |\n  Ä Ö\tÜ\n",
            "query: Ä | Ö |\n    Ü\n",
            "query: >\n  Ä | Ö\n  | x\n\n  Ü\n",
            "query: >-\n  Ä | Ö\n    more  Ü\n  y\n",
            "query: 'Ä = ''Ö'''' Ü'\n",
            "query: 'Ä\n  Ö\n\n  Ü'\n",
            "query: \"Ä\\n| Ö == \\\"\\x41\\u00e9 Ü\\\"\"\n",
            "query: \"Ä \\\n  Ö\\tn Ü\"\n",
            "x: {a: 1}\nquery:\n  |\n  Ä Ö\n  Ü\n",
            "id: 1\nquery: \"\\\n  Ä Ö Ü\"\n",
        ] {
            check(file, &['Ä', 'Ö', 'Ü']);
        }
    }

    #[test]
    fn ends_and_beyond() {
        let file = "query: |\n  ab\n  c\n";
        let mut findings = Vec::new();
        let tree = yaml::parse(file, &mut findings).unwrap();
        let Content::Map(entries) = &tree.content else { panic!() };
        let Content::Scalar(scalar) = &entries[0].value.content else { panic!() };
        let query = Query::new(file, scalar, entries[0].value.position);
        let at = |offset| query.position(offset);
        assert_eq!(at(2), Position { line: 2, column: 5 });
        assert_eq!(at(3), Position { line: 3, column: 3 });
        assert_eq!(at(5), Position { line: 4, column: 1 });
        assert_eq!(at(u32::MAX), Position { line: 4, column: 1 });
    }
}
