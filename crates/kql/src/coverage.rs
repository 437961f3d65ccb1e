//! What the engine supports, printed from its own tables: the source of `docs/functions.md` and `js/functions.json`.

use super::aggregates;
use super::bind::{PLUGINS, REFUSED_PLUGINS};
use super::functions::{FAMILIES, Kind, Param};
use crate::syntax::parse::{OPERATORS, REFUSED};
use crate::value::json;

/// A function or aggregate as the coverage page shows it.
pub struct Entry {
    /// The family; `Aggregates` for those.
    pub family: &'static str,
    /// As queries write it.
    pub name: &'static str,
    /// With its parameters: `split(source, delimiter, [index])`
    pub signature: String,
    /// One line.
    pub doc: &'static str,
    /// A call and what it yields.
    pub example: Option<(&'static str, &'static str)>,
}

/// Everything, family by family. Without documents and examples in WebAssembly.
pub fn entries() -> Vec<Entry> {
    let functions = FAMILIES.iter().flat_map(|family| {
        family.functions.iter().map(|f| Entry {
            family: family.name,
            name: f.name,
            signature: signature(f.name, f.params),
            doc: f.doc,
            example: f.examples.first().copied(),
        })
    });
    let aggregates = aggregates::sorted().into_iter().map(|a| Entry {
        family: "Aggregates",
        name: a.name,
        signature: signature(a.name, a.params),
        doc: a.doc,
        example: a.examples.first().copied(),
    });
    functions.chain(aggregates).collect()
}

fn signature(name: &str, params: &[Param]) -> String {
    let written = |p: &Param| {
        let name = if p.kind == Kind::TypeLiteral { "typeof(…)" } else { p.name };
        let many = if p.repeated { format!("{name}, …") } else { name.to_owned() };
        if p.optional { format!("[{many}]") } else { many }
    };
    format!("{name}({})", params.iter().map(written).collect::<Vec<_>>().join(", "))
}

/// What the language has besides functions, as [`entries`]: operators, plug-ins, and what is refused, with the reason.
pub fn language() -> Vec<Entry> {
    let of = |family, name, doc, example| Entry { family, name, signature: String::from(name), doc, example };
    let tabular = OPERATORS.iter().map(|(name, doc)| of("Tabular operators", *name, *doc, None));
    let scalar = SCALAR_OPERATORS
        .iter()
        .map(|(name, doc, example, result)| of("Scalar operators", *name, *doc, Some((*example, *result))));
    let plugins = PLUGINS.iter().map(|name| of("Plug-ins", *name, "Runs with evaluate.", None));
    let refused = crate::REFUSED_FUNCTIONS.iter().map(|(name, why)| of(REFUSED_FAMILY, *name, *why, None));
    let unsupported = REFUSED.iter().chain(REFUSED_PLUGINS);
    let unsupported = unsupported.map(|name| of(REFUSED_FAMILY, *name, "Forepost does not support it", None));
    tabular.chain(scalar).chain(plugins).chain(refused).chain(unsupported).collect()
}

/// The family of what there is in Kusto and not here.
const REFUSED_FAMILY: &str = "Rejected";

/// The operators over values: name, what it does, an example and what it yields.
pub const SCALAR_OPERATORS: &[(&str, &str, &str, &str)] = &[
    ("+", "Adds two numbers or timespans, or a timespan to a datetime.", "1h + 30m", "01:30:00"),
    ("-", "Subtracts; two datetimes give a timespan.", "7 - 2", "5"),
    ("*", "Multiplies two numbers, or a timespan by a number.", "6 * 7", "42"),
    ("/", "Divides; two integers give an integer.", "7 / 2", "3"),
    ("%", "The remainder of a division.", "7 % 4", "3"),
    ("==", "Whether two values are equal; texts with their case.", "'a' == 'A'", "false"),
    ("!=", "Whether two values differ; texts with their case. `<>` is the same.", "1 != 2", "true"),
    ("<", "Whether the left value is less.", "1 < 2", "true"),
    ("<=", "Whether the left value is less or equal.", "2 <= 2", "true"),
    (">", "Whether the left value is greater.", "1 > 2", "false"),
    (">=", "Whether the left value is greater or equal.", "2 >= 3", "false"),
    ("and", "Whether both conditions are true.", "true and false", "false"),
    ("or", "Whether one of the conditions is true.", "true or false", "true"),
    ("between", "Whether a value is in a range, ends included.", "5 between (1 .. 5)", "true"),
    ("!between", "Whether a value is outside a range.", "5 !between (1 .. 5)", "false"),
    ("in", "Whether a value is one of a list; texts with their case.", "'a' in ('A', 'b')", "false"),
    ("!in", "Whether a value is none of a list; texts with their case.", "'a' !in ('A', 'b')", "true"),
    ("in~", "Whether a text is one of a list, in any case.", "'a' in~ ('A', 'b')", "true"),
    ("!in~", "Whether a text is none of a list, in any case.", "'a' !in~ ('A', 'b')", "false"),
    (
        "has_any",
        "Whether a text has one of the terms, in any case.",
        "'GetObject from s3' has_any ('S3', 'ec2')",
        "true",
    ),
    (
        "has_all",
        "Whether a text has all of the terms, in any case.",
        "'GetObject from s3' has_all ('S3', 'ec2')",
        "false",
    ),
    ("=~", "Whether two texts are equal, in any case.", "'Root' =~ 'root'", "true"),
    ("!~", "Whether two texts differ, in any case.", "'Root' !~ 'root'", "false"),
    (
        "has",
        "Whether a text has the term: a whole run of letters and digits, in any case.",
        "'role/Admin' has 'admin'",
        "true",
    ),
    (
        "!has",
        "Whether it is false that a text has the term: a whole run of letters and digits, in any case.",
        "'role/Admin' !has 'admin'",
        "false",
    ),
    (
        "has_cs",
        "Whether a text has the term: a whole run of letters and digits, with its case.",
        "'role/Admins' has_cs 'Admin'",
        "false",
    ),
    (
        "!has_cs",
        "Whether it is false that a text has the term: a whole run of letters and digits, with its case.",
        "'role/Admins' !has_cs 'Admin'",
        "true",
    ),
    (
        "hasprefix",
        "Whether a text has a term that begins so, in any case.",
        "'role/Admins' hasprefix 'adm'",
        "true",
    ),
    (
        "!hasprefix",
        "Whether it is false that a text has a term that begins so, in any case.",
        "'role/Admins' !hasprefix 'adm'",
        "false",
    ),
    (
        "hasprefix_cs",
        "Whether a text has a term that begins so, with its case.",
        "'role/Admins' hasprefix_cs 'Adm'",
        "true",
    ),
    (
        "!hasprefix_cs",
        "Whether it is false that a text has a term that begins so, with its case.",
        "'role/Admins' !hasprefix_cs 'Adm'",
        "false",
    ),
    (
        "hassuffix",
        "Whether a text has a term that ends so, in any case.",
        "'role/Admins' hassuffix 'MINS'",
        "true",
    ),
    (
        "!hassuffix",
        "Whether it is false that a text has a term that ends so, in any case.",
        "'role/Admins' !hassuffix 'MINS'",
        "false",
    ),
    (
        "hassuffix_cs",
        "Whether a text has a term that ends so, with its case.",
        "'role/Admins' hassuffix_cs 'mins'",
        "true",
    ),
    (
        "!hassuffix_cs",
        "Whether it is false that a text has a term that ends so, with its case.",
        "'role/Admins' !hassuffix_cs 'mins'",
        "false",
    ),
    (
        "contains",
        "Whether a text has the other anywhere, in any case.",
        "'role/Admins' contains 'DMIN'",
        "true",
    ),
    (
        "!contains",
        "Whether it is false that a text has the other anywhere, in any case.",
        "'role/Admins' !contains 'DMIN'",
        "false",
    ),
    (
        "contains_cs",
        "Whether a text has the other anywhere, with its case.",
        "'role/Admins' contains_cs 'dmin'",
        "true",
    ),
    (
        "!contains_cs",
        "Whether it is false that a text has the other anywhere, with its case.",
        "'role/Admins' !contains_cs 'dmin'",
        "false",
    ),
    (
        "startswith",
        "Whether a text begins with the other, in any case.",
        "'role/Admins' startswith 'ROLE'",
        "true",
    ),
    (
        "!startswith",
        "Whether it is false that a text begins with the other, in any case.",
        "'role/Admins' !startswith 'ROLE'",
        "false",
    ),
    (
        "startswith_cs",
        "Whether a text begins with the other, with its case.",
        "'role/Admins' startswith_cs 'role'",
        "true",
    ),
    (
        "!startswith_cs",
        "Whether it is false that a text begins with the other, with its case.",
        "'role/Admins' !startswith_cs 'role'",
        "false",
    ),
    (
        "endswith",
        "Whether a text ends with the other, in any case.",
        "'role/Admins' endswith 'ADMINS'",
        "true",
    ),
    (
        "!endswith",
        "Whether it is false that a text ends with the other, in any case.",
        "'role/Admins' !endswith 'ADMINS'",
        "false",
    ),
    (
        "endswith_cs",
        "Whether a text ends with the other, with its case.",
        "'role/Admins' endswith_cs 'Admins'",
        "true",
    ),
    (
        "!endswith_cs",
        "Whether it is false that a text ends with the other, with its case.",
        "'role/Admins' !endswith_cs 'Admins'",
        "false",
    ),
    ("containscs", "The same as contains_cs.", "'role/Admins' containscs 'dmin'", "true"),
    ("notcontains", "The same as !contains.", "'role/Admins' notcontains 'dmin'", "false"),
    ("notcontainscs", "The same as !contains_cs.", "'role/Admins' notcontainscs 'dmin'", "false"),
    (
        "matches regex",
        "Whether a regular expression matches anywhere in a text.",
        "'i-0abc' matches regex @'^i-[0-9a-f]+$'",
        "true",
    ),
];

/// The entries as one JSON array, an object a line.
pub fn to_json(entries: &[Entry]) -> String {
    let object = |e: &Entry| {
        let mut out = String::from("{");
        let (example, result) = e.example.unwrap_or_default();
        let fields = [
            ("family", e.family),
            ("name", e.name),
            ("signature", &e.signature),
            ("doc", e.doc),
            ("example", example),
            ("result", result),
        ];
        for (i, (key, text)) in fields.into_iter().enumerate() {
            out.push_str(if i > 0 { "," } else { "" });
            json::write_string(&mut out, key);
            out.push(':');
            json::write_string(&mut out, text);
        }
        out + "}"
    };
    format!("[\n{}\n]\n", entries.iter().map(object).collect::<Vec<_>>().join(",\n"))
}

/// The entries as a page.
pub fn to_markdown(entries: &[Entry]) -> String {
    let mut out = String::from(
        "# What KQL Forepost runs\n\nThe engine prints this page from its own tables, and a test keeps it up to date. Every example runs as a test. \
         A rule or query that calls any other function is rejected when it is loaded, with a message that names the function.\n",
    );
    let mut family = "";
    for e in entries {
        if e.family != family {
            family = e.family;
            out.push_str(&format!("\n## {family}\n\n| Function | What it does | Example |\n|---|---|---|\n"));
        }
        let cell = |text: &str| text.replace('|', "\\|").replace('\n', "\\n");
        let (example, result) = e.example.unwrap_or_default();
        let code = |text: &str| if text.contains('`') { cell(text) } else { format!("`{}`", cell(text)) };
        out.push_str(&format!(
            "| {} | {} | {} → {} |\n",
            code(&e.signature),
            cell(e.doc),
            code(example),
            code(result)
        ));
    }
    out
}

/// What the engine supports of KQL besides functions, as a page.
pub fn language_to_markdown() -> String {
    let code = |names: &[&str]| {
        let mut names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        names.sort();
        names.join(", ")
    };
    let rows: String = OPERATORS.iter().map(|(name, doc)| format!("| `{name}` | {doc} |\n")).collect();
    let functions = FAMILIES.iter().map(|family| family.functions.len()).sum::<usize>();
    let outside = crate::REFUSED_FUNCTIONS.iter().map(|(name, why)| format!("| `{name}` | {why} |\n"));
    let cell = |text: &str| text.replace('|', "\\|");
    let scalar = |(name, doc, example, result): &(&str, &str, &str, &str)| {
        format!("| `{name}` | {doc} | `{}` → `{result}` |\n", cell(example))
    };
    LANGUAGE
        .replace("{scalar operators}", &SCALAR_OPERATORS.iter().map(scalar).collect::<String>())
        .replace("{functions}", &functions.to_string())
        .replace("{aggregates}", &aggregates::sorted().len().to_string())
        .replace("{operators}", &rows)
        .replace("{plugins}", &code(PLUGINS))
        .replace("{refused operators}", &code(REFUSED))
        .replace("{refused plugins}", &code(REFUSED_PLUGINS))
        .replace("{refused functions}", &outside.collect::<String>())
}

/// The page but for what the tables say.
const LANGUAGE: &str = include_str!("language.md");
