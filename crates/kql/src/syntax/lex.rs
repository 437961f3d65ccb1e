//! KQL text to tokens. Lexing never fails: what cannot be read is reported and skipped.
//! Source: docs/semantics.md#lexical; Microsoft's parser where they are silent.

use crate::diagnostic::{Diagnostic, Span};
use crate::value::{Type, Value, convert, datetime, text, timespan};

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// `AWSCloudTrail`, `where`, `$left`: a name or a keyword; which one, the parser knows.
    Name(String),
    /// `['my col']` is lexed as punctuation and a string; `"text"` in all its forms is this.
    Text(String),
    /// `1`, `1.5`, `1d`, `datetime(2020-01-01)`, `bool(null)`
    Literal(Type, LiteralValue),
    /// `|`, `==`, `..`, `=~` …
    Mark(&'static str),
    /// The end of the text.
    End,
}

/// A literal's value; `PartialEq` for tokens, which [`Value`] does not have.
#[derive(Clone, Debug)]
pub struct LiteralValue(pub Value);

impl PartialEq for LiteralValue {
    fn eq(&self, other: &LiteralValue) -> bool {
        crate::value::compare::order(&self.0, &other.0).is_eq()
    }
}

/// A token and where it stands.
#[derive(Clone, Debug)]
pub struct Lexeme {
    /// What it is.
    pub token: Token,
    /// Where it is.
    pub span: Span,
}

/// Longest first, so that `==` is not two `=`.
const MARKS: &[&str] = &[
    "<|", "..", "==", "!=", "<>", "<=", ">=", "=~", "!~", "=>", "-->", "<--", "--", "|", "(", ")", "[", "]",
    "{", "}", ",", ";", ":", ".", "=", "<", ">", "+", "-", "*", "/", "%", "!", "@", "~", "?", "$",
];

/// The tokens of a query, ending with [`Token::End`], and what could not be read.
pub fn lex(source: &str) -> (Vec<Lexeme>, Vec<Diagnostic>) {
    let mut lexer = Lexer { source, at: 0, closes: 0, out: Vec::new(), diagnostics: Vec::new() };
    while lexer.step() {}
    (lexer.out, lexer.diagnostics)
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    /// Where the last typed literal looked for its end, and found it: no other stands before.
    closes: usize,
    out: Vec<Lexeme>,
    diagnostics: Vec<Diagnostic>,
}

fn is_name_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn is_name_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn push(&mut self, start: usize, token: Token) -> bool {
        self.out.push(Lexeme { token, span: Span::new(start, self.at) });
        true
    }

    fn error(&mut self, code: &'static str, message: impl Into<String>, start: usize, end: usize) {
        self.diagnostics.push(Diagnostic::error(code, message, Span::new(start, end)));
    }

    fn step(&mut self) -> bool {
        self.skip_blank();
        let start = self.at;
        let rest = self.rest();
        let Some(c) = rest.chars().next() else {
            self.push(start, Token::End);
            return false;
        };
        if let Some(done) = self.string(start) {
            return done;
        }
        if is_name_start(c) || (c == '$' && rest.get(1..).is_some_and(|r| r.starts_with(is_name_start))) {
            return self.name(start);
        }
        if c.is_ascii_digit() {
            return self.number(start);
        }
        if let Some(mark) = MARKS.iter().find(|m| rest.starts_with(**m)) {
            self.at += mark.len();
            return self.push(start, Token::Mark(mark));
        }
        self.at += c.len_utf8();
        self.error("KS002", format!("Unexpected: {c}"), start, self.at);
        true
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
            self.at += rest.len() - trimmed.len();
            if !trimmed.starts_with("//") {
                return;
            }
            self.at += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }

    /// Any of the string forms, with `h` for obfuscated before it.
    fn string(&mut self, start: usize) -> Option<bool> {
        let rest = self.rest();
        let body = match rest.strip_prefix(['h', 'H']) {
            Some(after) if after.starts_with(['"', '\'', '@', '`', '~']) => after,
            _ => rest,
        };
        let prefix = rest.len() - body.len();
        for fence in ["```", "~~~"] {
            if let Some(inner) = body.strip_prefix(fence) {
                let (text, used) = match inner.split_once(fence) {
                    Some((text, _)) => (text, text.len() + 6),
                    None => {
                        self.error("KS001", format!("Missing: {fence}"), start, self.source.len());
                        (inner, body.len())
                    }
                };
                self.at += prefix + used;
                return Some(self.push(start, Token::Text(text.to_owned())));
            }
        }
        let verbatim = body.starts_with('@');
        let quoted = if verbatim { body.get(1..)? } else { body };
        let quote = quoted.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let inner = quoted.get(1..)?;
        let (text, used, closed) =
            if verbatim { verbatim_text(inner, quote) } else { self.escaped_text(inner, quote, start) };
        self.at += prefix + usize::from(verbatim) + 1 + used;
        if !closed {
            self.error("KS001", format!("Missing: {quote}"), start, self.at);
        }
        Some(self.push(start, Token::Text(text)))
    }

    /// A `\`-escaped string up to its quote or the end of the line.
    fn escaped_text(&mut self, inner: &str, quote: char, start: usize) -> (String, usize, bool) {
        let mut text = String::new();
        let mut chars = inner.char_indices();
        while let Some((i, c)) = chars.next() {
            match c {
                _ if c == quote => return (text, i + 1, true),
                '\n' | '\r' => return (text, i, false),
                '\\' => match chars.next().map(|(_, c)| c) {
                    Some('n') => text.push('\n'),
                    Some('t') => text.push('\t'),
                    Some('r') => text.push('\r'),
                    Some('b') => text.push('\u{8}'),
                    Some('f') => text.push('\u{c}'),
                    Some('a') => text.push('\u{7}'),
                    Some('v') => text.push('\u{b}'),
                    Some('0') => text.push('\0'),
                    Some(kind @ ('u' | 'x' | 'U')) => {
                        let digits = match kind {
                            'x' => 2,
                            'u' => 4,
                            _ => 8,
                        };
                        let mut code = 0_u32;
                        let mut read = 0;
                        while read < digits
                            && let Some(d) = chars.clone().next().and_then(|(_, c)| c.to_digit(16))
                        {
                            code = code.wrapping_mul(16).wrapping_add(d);
                            chars.next();
                            read += 1;
                        }
                        match char::from_u32(code) {
                            Some(c) if read == digits => text.push(c),
                            // Half of a surrogate pair: the other half follows.
                            None if kind == 'u' && read == 4 => match low_surrogate(&mut chars, code) {
                                Some(c) => text.push(c),
                                None => text.push(char::REPLACEMENT_CHARACTER),
                            },
                            _ => self.bad_escape(start),
                        }
                    }
                    Some(c @ ('\\' | '"' | '\'')) => text.push(c),
                    Some(_) => self.bad_escape(start),
                    None => return (text, inner.len(), false),
                },
                _ => text.push(c),
            }
        }
        (text, inner.len(), false)
    }

    fn bad_escape(&mut self, start: usize) {
        if self.diagnostics.last().is_none_or(|d| d.span.start as usize != start) {
            let d = Diagnostic::error(
                "KS003",
                "The string has an unknown escape sequence.",
                Span::new(start, start + 1),
            )
            .with_hint("write \\\\ for a backslash, or use a verbatim string: @\"…\"");
            self.diagnostics.push(d);
        }
    }

    fn name(&mut self, start: usize) -> bool {
        let rest = self.rest();
        let body = rest.strip_prefix('$').unwrap_or(rest);
        let len = rest.len() - body.len() + body.find(|c| !is_name_part(c)).unwrap_or(body.len());
        let name = rest.get(..len).unwrap_or_default();
        self.at += len;
        let literal_type = Type::from_name(name).filter(|t| !matches!(t, Type::Dynamic | Type::String));
        if let Some(ty) = literal_type
            && let Some(done) = self.typed_literal(start, ty)
        {
            return done;
        }
        match name {
            "true" | "True" | "TRUE" => self.literal(start, Type::Bool, Value::Bool(true)),
            "false" | "False" | "FALSE" => self.literal(start, Type::Bool, Value::Bool(false)),
            _ => self.push(start, Token::Name(name.to_owned())),
        }
    }

    fn literal(&mut self, start: usize, ty: Type, value: Value) -> bool {
        self.push(start, Token::Literal(ty, LiteralValue(value)))
    }

    /// `datetime(2020-01-01)`: what stands between the parentheses is not KQL but the type's own text.
    fn typed_literal(&mut self, start: usize, ty: Type) -> Option<bool> {
        let rest = self.rest();
        let inner = rest.trim_start().strip_prefix('(')?;
        let from = self.source.len() - inner.len();
        if self.closes < from {
            self.closes = from + inner.find([')', '\n', '\r']).unwrap_or(inner.len());
        }
        let raw = inner.get(..self.closes - from).unwrap_or_default();
        if !inner.get(raw.len()..).is_some_and(|r| r.starts_with(')')) {
            return None;
        }
        let end = self.at + (rest.len() - inner.len()) + raw.len() + 1;
        let body = raw.trim();
        let unquoted =
            body.strip_prefix(['"', '\'']).and_then(|b| b.strip_suffix(['"', '\''])).unwrap_or(body);
        let value = match ty {
            _ if body == "null" || body.is_empty() => Some(Value::Null),
            Type::DateTime => datetime_literal(unquoted),
            Type::Timespan => timespan::parse(unquoted).map(Value::Timespan),
            Type::Guid => text::parse_guid(unquoted).map(Value::Guid),
            _ => Some(convert::convert(&Value::text(unquoted), Type::String, ty)).filter(|v| !v.is_null()),
        };
        // `int(x)` over anything else is no literal: Microsoft's parser reports it; so do we.
        self.at = end;
        Some(match value {
            Some(value) => self.literal(start, ty, value),
            None => {
                let message = format!("'{body}' is not a {} literal.", ty.name());
                self.diagnostics.push(
                    Diagnostic::error("KS007", message, Span::new(start, end))
                        .with_hint(format!("to convert an expression, use to{}(…)", ty.name())),
                );
                self.literal(start, ty, Value::Null)
            }
        })
    }

    fn number(&mut self, start: usize) -> bool {
        let rest = self.rest();
        let digits = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
        if let Some(hex) = rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X")) {
            let n = hex.bytes().take_while(u8::is_ascii_hexdigit).count();
            if n > 0 {
                self.at += 2 + n;
                let value = u64::from_str_radix(hex.get(..n).unwrap_or_default(), 16);
                return match value {
                    Ok(v) => self.literal(start, Type::Long, Value::Long(v as i64)),
                    Err(_) => self.too_large(start),
                };
            }
        }
        let mut len = digits(rest);
        let mut whole = true;
        let after = |n: usize| rest.get(n..).unwrap_or_default();
        // `10.` is a real, but `1..5` are two numbers, and a name behind the point is a member's.
        let exponent = |s: &str| {
            s.strip_prefix(['e', 'E'])
                .is_some_and(|s| s.trim_start_matches(['+', '-']).starts_with(|c: char| c.is_ascii_digit()))
        };
        let point = after(len)
            .strip_prefix('.')
            .filter(|rest| !rest.starts_with('.') && (!rest.starts_with(is_name_start) || exponent(rest)));
        if let Some(fraction) = point {
            len += 1 + digits(fraction);
            whole = false;
        }
        if after(len).starts_with(['e', 'E']) {
            let sign = usize::from(after(len + 1).starts_with(['+', '-']));
            let n = digits(after(len + 1 + sign));
            if n > 0 {
                len += 1 + sign + n;
                whole = false;
            }
        }
        let number = rest.get(..len).unwrap_or_default();
        let word_len = after(len).find(|c| !is_name_part(c)).unwrap_or(after(len).len());
        let word = after(len).get(..word_len).unwrap_or_default();
        if word.is_empty() {
            self.at += len;
            return if whole {
                match number.parse() {
                    Ok(n) => self.literal(start, Type::Long, Value::Long(n)),
                    Err(_) if number == LARGEST_NEGATED => self.literal(start, Type::Long, largest_negated()),
                    Err(_) => self.too_large(start),
                }
            } else {
                self.literal(start, Type::Real, number.parse().map_or(Value::Null, Value::Real))
            };
        }
        self.at += len + word_len;
        if let Some((_, ticks)) = timespan::UNITS.iter().find(|(name, _)| *name == word) {
            return match timespan::literal(number, *ticks) {
                Some(t) => self.literal(start, Type::Timespan, Value::Timespan(t)),
                None => self.too_large(start),
            };
        }
        // `1a`: Kusto lets a name begin with a digit.
        let name = rest.get(..len + word_len).unwrap_or_default().to_owned();
        self.push(start, Token::Name(name))
    }

    fn too_large(&mut self, start: usize) -> bool {
        self.error("KS008", "The number does not fit its type.", start, self.at);
        self.literal(start, Type::Long, Value::Null)
    }
}

/// The one number that is a long only behind a minus sign. Kusto takes it where a value must be a literal, in a datatable and in
/// `dynamic(…)`, and nowhere else. Its literal holds [`largest_negated`], which the parser makes a long or an error.
const LARGEST_NEGATED: &str = "9223372036854775808";

/// What the literal holds of the one number that is a long only behind a minus sign.
pub fn largest_negated() -> Value {
    Value::Decimal(i64::MIN.unsigned_abs().into())
}

/// The text of a datetime literal is read as `todatetime` reads text, and also with commas or blanks around its
/// separators: `datetime(2025, 6, 14)`, `datetime(2017 - 08 - 01)`. A bare year is the null.
fn datetime_literal(text: &str) -> Option<Value> {
    if text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Value::Null);
    }
    let parts = || text.split([',', '-']).map(str::trim).collect::<Vec<_>>().join("-");
    datetime::parse(text).or_else(|| datetime::parse(&parts())).map(Value::DateTime)
}

fn low_surrogate(chars: &mut std::str::CharIndices<'_>, high: u32) -> Option<char> {
    let mut ahead = chars.clone();
    if ahead.next()?.1 != '\\' || ahead.next()?.1 != 'u' {
        return None;
    }
    let mut low = 0;
    for _ in 0..4 {
        low = low * 16 + ahead.next()?.1.to_digit(16)?;
    }
    if !(0xD800..0xDC00).contains(&high) || !(0xDC00..0xE000).contains(&low) {
        return None;
    }
    *chars = ahead;
    char::from_u32(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
}

/// A verbatim string: only its doubled quote is special.
fn verbatim_text(inner: &str, quote: char) -> (String, usize, bool) {
    let mut text = String::new();
    let mut chars = inner.char_indices().peekable();
    while let Some((i, c)) = chars.next() {
        if c == quote {
            if chars.peek().is_some_and(|(_, next)| *next == quote) {
                chars.next();
            } else {
                return (text, i + 1, true);
            }
        }
        text.push(c);
    }
    (text, inner.len(), false)
}
