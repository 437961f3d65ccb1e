//! Functions that take a text of a known form apart. Source: Microsoft's docs of each; for URLs also what the engine
//! was measured to yield. None fails: what is not of the form yields empty parts or null.

use super::encoding::percent_decode;
use super::{DECIMAL, DYNAMIC, Function, Naming, text, text_or_dynamic, xml};
use crate::value::{Bag, Decimal, Str, Value};
use indexmap::IndexMap;
use std::rc::Rc;

const NONE: Naming = Naming::None;

/// The longest XML text that `parse_xml` reads. Source: docs, parse_xml().
const MAX_XML: usize = 1 << 20;

/// The family.
pub static FUNCTIONS: &[Function] = &[
    function!("parse_command_line"(text("command_line"), text("parser_type")) -> DYNAMIC, NONE,
        "Splits a command line into its arguments. The only parser is 'windows'. Returns null for empty text.",
        [(r#"parse_command_line('echo "hello world!" a\\b', 'windows')"#,
        r#"["echo","hello world!","a\\b"]"#)],
        |c| if c.text(1).eq_ignore_ascii_case("windows") { command_line(&c.text(0)) } else { Value::Null }),
    function!("parse_csv"(text_or_dynamic("csv_text")) -> DYNAMIC, Naming::FirstArgument,
        "Returns the fields of the first record of CSV text.",
        [(r#"parse_csv('a,"b,c",""')"#, r#"["a","b,c",""]"#), (r"parse_csv('a,b\nc')", r#"["a","b"]"#)],
        |c| csv(&c.text(0))),
    function!("parse_path"(text("path")) -> DYNAMIC, NONE, "Splits a Windows or Unix path into its parts.",
        [(r"parse_path(@'C:\temp\file.txt').Filename", "file.txt"),
        ("parse_path('/usr/lib/a.so').DirectoryName", "lib"),
         ("parse_path('file://C:/temp/file.txt:some.exe').AlternateDataStreamName", "some.exe")],
         |c| path(&c.text(0))),
    function!("parse_url"(text("url")) -> DYNAMIC, NONE,
        "Splits an absolute URL into its parts. All parts are empty if the text is not an absolute URL.",
        [("parse_url('https://u:p@h.io:8080/a?k=v&k=w#f')",
          r#"{"Scheme":"https","Host":"h.io","Port":"8080","Path":"/a","Username":"u","Password":"p","Query Parameters":{"k":["v","w"]},"Fragment":"f"}"#)],
        |c| url(&c.text(0))),
    function!("parse_urlquery"(text("query")) -> DYNAMIC, NONE, "Returns the parameters of a URL's query string.",
        [("parse_urlquery('k1=v1&k2=a%20b')", r#"{"Query Parameters":{"k1":"v1","k2":"a b"}}"#)],
        |c| url_query(&c.text(0))),
    function!("parse_version"(text("version")) -> DECIMAL, NONE,
        "Converts a version of one to four numbers, each of up to eight digits, to one comparable number. Returns null for \
         other text, or if the first number exceeds 79,228.",
        [("parse_version('1.2.3.4')", "1000000020000000300000004"), ("parse_version('0.2')",
        "20000000000000000"),
         ("isnull(parse_version('1.x'))", "true")], |c| version(&c.text(0)).map_or(Value::Null,
         Value::Decimal)),
    function!("parse_xml"(text_or_dynamic("xml_text")) -> DYNAMIC, Naming::FirstArgument,
    "Converts XML text to nested property bags: attributes become @name, text beside elements becomes #text. Returns null for invalid XML or more than 1 MB.",
    [("parse_xml('<e n=\"v\">t</e>')", r##"{"e":{"@n":"v","#text":"t"}}"##),
     ("parse_xml('<e><a>x</a><a>y</a></e>').e.a[1]", "y"), ("isnull(parse_xml('<e>'))", "true")],
    |c| {
        let text = c.text(0);
        if text.len() > MAX_XML { Value::Null } else { xml::parse(&text).unwrap_or_default() }
    }),
    function!("parseurl"(text("url")) -> DYNAMIC, NONE, "The same as parse_url.",
        [("parseurl('https://h.io').Host", "h.io")], |c| url(&c.text(0))),
    function!("parseurlquery"(text("query")) -> DYNAMIC, NONE, "The same as parse_urlquery.",
        [("parseurlquery('a=1')['Query Parameters'].a", "1")], |c| url_query(&c.text(0))),
];

/// A bag of parts in the order given.
fn parts<const N: usize>(pairs: [(&str, Value); N]) -> Value {
    Value::bag(Bag::from_distinct(pairs.into_iter().map(|(k, v)| (Rc::from(k), v)).collect()))
}

/// The rules of .NET's and C's run time on Windows: backslashes count only before a quote; two quotes within quotes are one.
fn command_line(line: &str) -> Value {
    let mut args = Vec::new();
    let mut chars = line.chars().peekable();
    let (mut arg, mut begun, mut quoted) = (String::new(), false, false);
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' if !quoted => {
                if begun {
                    args.push(Value::from(std::mem::take(&mut arg)));
                    begun = false;
                }
            }
            '\\' => {
                begun = true;
                let mut slashes = 1;
                while chars.next_if_eq(&'\\').is_some() {
                    slashes += 1;
                }
                let at_quote = chars.peek() == Some(&'"');
                let kept = if at_quote { slashes / 2 } else { slashes };
                arg.extend(std::iter::repeat_n('\\', kept));
                if at_quote && slashes % 2 == 1 && chars.next().is_some() {
                    arg.push('"');
                }
            }
            '"' => {
                begun = true;
                if quoted && chars.next_if_eq(&'"').is_some() {
                    arg.push('"');
                } else {
                    quoted = !quoted;
                }
            }
            c => {
                begun = true;
                arg.push(c);
            }
        }
    }
    if begun {
        args.push(Value::from(arg));
    }
    if args.is_empty() { Value::Null } else { Value::array(args) }
}

fn csv(text: &str) -> Value {
    let mut fields = Vec::new();
    let mut chars = text.chars().peekable();
    let (mut field, mut quoted) = (String::new(), false);
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => field.push('"'),
            '"' if quoted => quoted = false,
            '"' if field.is_empty() => quoted = true,
            c if quoted => field.push(c),
            ',' => fields.push(Value::from(std::mem::take(&mut field))),
            '\n' => break,
            '\r' if chars.peek() == Some(&'\n') => break,
            c => field.push(c),
        }
    }
    fields.push(Value::from(field));
    Value::array(fields)
}

fn path(text: &str) -> Value {
    let (scheme, rest) = match text.split_once("://") {
        Some((s, rest)) if is_scheme(s) => (s, rest),
        _ => ("", text),
    };
    let drive = rest.as_bytes();
    let root = match drive {
        [letter, b':', ..] if letter.is_ascii_alphabetic() => rest.get(..2).unwrap_or_default(),
        _ => "",
    };
    let slash = |c: char| c == '/' || c == '\\';
    let (directory, name) = match rest.rfind(slash) {
        Some(at) => (rest.get(..at).unwrap_or_default(), rest.get(at + 1..).unwrap_or_default()),
        None => (root, rest.get(root.len()..).unwrap_or_default()),
    };
    let (file, stream) = name.split_once(':').unwrap_or((name, ""));
    let extension = file.rsplit_once('.').map_or("", |(_, e)| e);
    let directory_name = directory.rsplit(slash).next().filter(|d| *d != root).unwrap_or_default();
    parts([
        ("Scheme", Value::text(scheme)),
        ("RootPath", Value::text(root)),
        ("DirectoryPath", Value::text(directory)),
        ("DirectoryName", Value::text(directory_name)),
        ("Filename", Value::text(file)),
        ("Extension", Value::text(extension)),
        ("AlternateDataStreamName", Value::text(stream)),
    ])
}

fn is_scheme(s: &str) -> bool {
    s.starts_with(|c: char| c.is_ascii_alphabetic())
        && s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

fn url(text: &str) -> Value {
    let (scheme, rest) = match text.split_once("://") {
        Some((s, rest)) if is_scheme(s) => (s, rest),
        _ => ("", ""),
    };
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len())).unwrap_or((rest, ""));
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    // The colons of an IPv6 address stand in brackets.
    let (host, port) = match host.rsplit_once(':') {
        Some((h, p)) if p.bytes().all(|b| b.is_ascii_digit()) => (h, p),
        _ => (host, ""),
    };
    parts([
        ("Scheme", Value::text(scheme)),
        ("Host", Value::text(host)),
        ("Port", Value::text(port)),
        ("Path", Value::text(path)),
        ("Username", Value::text(user)),
        ("Password", Value::text(password)),
        ("Query Parameters", query_parameters(query)),
        ("Fragment", Value::text(fragment)),
    ])
}

fn url_query(text: &str) -> Value {
    let query = text.split_once('?').map_or(text, |(_, q)| q);
    let query = query.split_once('#').map_or(query, |(q, _)| q);
    parts([("Query Parameters", query_parameters(query))])
}

/// A key that comes again has an array of its values; a key without a value is left out.
fn query_parameters(query: &str) -> Value {
    let mut found: IndexMap<String, Vec<Value>> = IndexMap::new();
    for (key, value) in query.split('&').filter_map(|p| p.split_once('=')) {
        if key.is_empty() || value.is_empty() {
            continue;
        }
        let (key, value) = (percent_decode(key), Value::from(percent_decode(value)));
        found.entry(key).or_default().push(value);
    }
    let pair = |(key, mut values): (String, Vec<Value>)| {
        let value = match values.pop() {
            Some(one) if values.is_empty() => one,
            Some(last) => {
                values.push(last);
                Value::array(values)
            }
            None => Value::Null,
        };
        (Str::from(key), value)
    };
    Value::bag(Bag::from_distinct(found.into_iter().map(pair).collect()))
}

fn version(text: &str) -> Option<Decimal> {
    let mut sum = Decimal::ZERO;
    let mut weight = Decimal::from(10_u128.pow(24));
    for (count, part) in text.split('.').enumerate() {
        let digits = !part.is_empty() && part.len() <= 8 && part.bytes().all(|b| b.is_ascii_digit());
        let part: i64 = part.parse().ok().filter(|_| digits && count < 4)?;
        sum = sum.checked_add(Decimal::from(part).checked_mul(weight)?)?;
        weight = weight.checked_div(Decimal::from(100_000_000))?;
    }
    Some(sum)
}
