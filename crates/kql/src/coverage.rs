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
    LANGUAGE
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
