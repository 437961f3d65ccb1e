//! Findings as GuardDuty's API gives them, with the names of the findings that it exports: there the first letter is small.

use super::envelope::member;
use kql::value::json::{self, Items};

/// How deep a finding nests.
const MAX_DEPTH: u8 = 32;

/// The finding as it is exported; `None` if the object is no finding of the API, or nests too deep.
pub fn exported(raw: &[u8]) -> Option<String> {
    let has = |key: &str| member(raw, key).is_some();
    let is_finding = has("SchemaVersion") && has("Service") && has("Resource") && has("AccountId");
    is_finding.then_some(())?;
    let mut out = String::new();
    write(raw, &mut out, 0)?;
    Some(out)
}

fn write(value: &[u8], out: &mut String, depth: u8) -> Option<()> {
    let Some(mut items) = Items::open(value) else {
        out.push_str(&json::lossy(value));
        return Some(());
    };
    (depth < MAX_DEPTH).then_some(())?;
    let is_object = items.is_object();
    out.push(if is_object { '{' } else { '[' });
    let mut first = true;
    for item in items.by_ref() {
        let (key, value) = item.ok()?;
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        if is_object {
            let key = json::unescape(key);
            let mut letters = key.chars();
            let small: String =
                letters.next().map(|c| c.to_ascii_lowercase()).into_iter().chain(letters).collect();
            json::write_string(out, &small);
            out.push(':');
        }
        write(value, out, depth + 1)?;
    }
    out.push(if is_object { '}' } else { ']' });
    Some(())
}
