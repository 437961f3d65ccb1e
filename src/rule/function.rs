//! Saved functions as Sentinel's repositories publish them: the YAML of a parser (`FunctionAlias`, `FunctionQuery`) and of a parser
//! of the information model (`ParserName`, `ParserParams`, `ParserQuery`).

use super::Query;
use super::finding::{self, Finding, Position};
use super::load::read::{Map, Reader};
use super::yaml::{self, Content};

/// What the YAML of a function says.
#[derive(Debug)]
pub struct FunctionFile {
    /// What queries call it.
    pub name: String,
    /// `a:long, b:string = ''`
    pub parameters: String,
    /// The KQL, and where it stands in the file.
    pub body: Query,
}

/// Names of the same field, the one that counts first.
const NAME: &[&str] = &["FunctionAlias", "ParserName", "FunctionName"];
const BODY: &[&str] = &["FunctionQuery", "ParserQuery"];
const PARAMETERS: &[&str] = &["FunctionParameters", "ParserParams"];

/// Reads the YAML of a function. `Ok(None)`: it is the YAML of something else.
pub fn function(text: &str) -> Result<Option<FunctionFile>, Vec<Finding>> {
    let mut findings = Vec::new();
    let Some(root) = yaml::parse(text, &mut findings) else { return Err(findings) };
    let Content::Map(entries) = &root.content else { return Ok(None) };
    let map = Map { entries, position: root.position };
    let key_of = |names: &[&'static str]| names.iter().copied().find(|name| map.entry(name).is_some());
    let Some(body) = key_of(BODY) else { return Ok(None) };
    let mut reader = Reader { findings: &mut findings, columns: Vec::new() };
    let name = reader
        .required(&map, key_of(NAME).unwrap_or("FunctionAlias"))
        .map(|name| name.text().trim().to_owned());
    let body = reader.required(&map, body).map(|body| Query::new(text, body.scalar, body.position));
    let parameters = key_of(PARAMETERS).map_or(Some(String::new()), |key| parameters(&mut reader, &map, key));
    match (name, parameters, body) {
        (Some(name), Some(parameters), Some(body)) => Ok(Some(FunctionFile { name, parameters, body })),
        _ => Err(findings),
    }
}

/// Parameters as text, which is written as it is, or as a list of `Name`, `Type` and `Default`.
fn parameters(reader: &mut Reader<'_>, map: &Map<'_>, key: &str) -> Option<String> {
    let value = &map.entry(key)?.value;
    let Content::List(items) = &value.content else {
        return reader.text(value, key).map(|text| text.text().to_owned());
    };
    let mut out = Vec::new();
    for item in items {
        let fields = reader.any_map(item, key)?;
        let name = reader.required(&fields, "Name")?.text().trim().to_owned();
        let ty = reader.required(&fields, "Type")?.text().trim().to_owned();
        let default = fields.entry("Default").map(|e| &e.value.content);
        let ty = ty.strip_prefix("table:").unwrap_or(&ty);
        out.push(match default {
            None => format!("{name}:{ty}"),
            Some(Content::Scalar(default)) => format!("{name}:{ty} = {}", literal(ty, &default.text)),
            Some(_) => {
                let Position { line, column } = fields.position;
                let message =
                    format!("the default of the parameter {} must be a value", finding::shown(&name));
                reader.add(Finding::new(finding::SHAPE, Position { line, column }, message));
                return None;
            }
        });
    }
    Some(out.join(", "))
}

/// A default as KQL has it: YAML takes the quotes of a text away.
fn literal(ty: &str, text: &str) -> String {
    let quoted = text.len() > 1 && ['\'', '"'].iter().any(|q| text.starts_with(*q) && text.ends_with(*q));
    if ty != "string" || quoted {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parsers_of_both_kinds() {
        let read = |text: &str| function(text).map(|f| f.map(|f| (f.name, f.parameters, f.body.text)));
        let parser = "Function:\n  Title: Actors\nCategory: Microsoft Sentinel Parser\nFunctionName: Actors\nFunctionAlias: ActorOf\nFunctionQuery: |\n  AWSCloudTrail\n  | take 1\n";
        assert_eq!(
            read(parser).unwrap(),
            Some(("ActorOf".into(), String::new(), "AWSCloudTrail\n| take 1\n".into()))
        );
        let model = "ParserName: vimX\nParserParams:\n  - Name: user\n    Type: string\n    Default: '*'\n  - Name: since\n    Type: datetime\n    Default: datetime(null)\n  - Name: T\n    Type: table:(*)\nParserQuery: 'T | take 1'\n";
        let parameters = "user:string = '*', since:datetime = datetime(null), T:(*)";
        assert_eq!(read(model).unwrap(), Some(("vimX".into(), parameters.into(), "T | take 1".into())));
        assert!(matches!(read("id: x\nname: y\nquery: T\n"), Ok(None)));
        for broken in [
            "FunctionQuery: T\n",
            "FunctionAlias: f\nFunctionQuery: [T]\n",
            "FunctionQuery: {",
            "FunctionAlias: f\nFunctionQuery: T\nParserParams: [{Name: a}]\n",
        ] {
            assert!(read(broken).is_err(), "{broken}");
        }
    }
}
