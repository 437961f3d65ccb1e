//! A row of a table that people export, by the names of its columns: a row of `AWSCloudTrail`, an event in one column, or an
//! event whose fields are the columns.

use super::envelope;
use kql::value::json;
use std::borrow::Cow;

/// What the rows of a table are.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// They have the columns of `AWSCloudTrail`.
    Row,
    /// This column holds the whole event: CloudTrail Lake, Splunk, CloudWatch Logs Insights, Elastic.
    Whole(usize),
    /// The columns are an event's fields: CloudTrail Lake and Athena by their names, Event history by the console's.
    Fields(Vec<Option<Field>>),
}

/// Where a column's value stands in an event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Field {
    /// A text.
    Text(&'static str),
    /// JSON, or what Athena writes for a struct.
    Json(&'static str),
    /// A text in `userIdentity`.
    Identity(&'static str),
}

/// The columns that hold whole events, in lower case.
const WHOLE: &[&str] =
    &["eventjson", "cloudtrailevent", "_raw", "event.original", "@message", "event", "message"];

/// An event's fields as Athena and CloudTrail Lake name their columns, whatever the case.
const FIELDS: &[Field] = &[
    Field::Text("eventVersion"),
    Field::Json("userIdentity"),
    Field::Text("eventTime"),
    Field::Text("eventSource"),
    Field::Text("eventName"),
    Field::Text("awsRegion"),
    Field::Text("sourceIPAddress"),
    Field::Text("userAgent"),
    Field::Text("errorCode"),
    Field::Text("errorMessage"),
    Field::Json("requestParameters"),
    Field::Json("responseElements"),
    Field::Json("additionalEventData"),
    Field::Text("requestID"),
    Field::Text("eventID"),
    Field::Text("readOnly"),
    Field::Json("resources"),
    Field::Text("eventType"),
    Field::Text("managementEvent"),
    Field::Text("recipientAccountId"),
    Field::Text("sharedEventID"),
    Field::Text("vpcEndpointId"),
    Field::Text("apiVersion"),
    Field::Json("serviceEventDetails"),
    Field::Json("tlsDetails"),
    Field::Text("eventCategory"),
];

/// The console's names in Event history. Its "User name" is a user's name or a session's: that is not said.
const CONSOLE: &[(&str, Field)] = &[
    ("event name", Field::Text("eventName")),
    ("event time", Field::Text("eventTime")),
    ("event source", Field::Text("eventSource")),
    ("event id", Field::Text("eventID")),
    ("aws access key", Field::Identity("accessKeyId")),
    ("aws region", Field::Text("awsRegion")),
    ("error code", Field::Text("errorCode")),
    ("source ip address", Field::Text("sourceIPAddress")),
    ("request id", Field::Text("requestID")),
    ("read-only", Field::Text("readOnly")),
    ("read only", Field::Text("readOnly")),
    ("event type", Field::Text("eventType")),
    ("recipient account id", Field::Text("recipientAccountId")),
];

/// What rules read most: if a table of fields lacks one of these, that is said.
const WANTED: [&str; 7] = [
    "eventName",
    "eventSource",
    "eventTime",
    "userIdentity",
    "sourceIPAddress",
    "errorCode",
    "requestParameters",
];

impl Field {
    fn key(self) -> &'static str {
        match self {
            Field::Text(key) | Field::Json(key) => key,
            Field::Identity(_) => "userIdentity",
        }
    }
}

fn field(name: &str) -> Option<Field> {
    let name = name.trim().to_lowercase();
    if let Some((_, field)) = CONSOLE.iter().find(|(console, _)| *console == name) {
        return Some(*field);
    }
    if let Some(inner) = name.strip_prefix("useridentity.") {
        return camel(inner).filter(|key| IDENTITY.contains(key)).map(Field::Identity);
    }
    FIELDS.iter().find(|field| field.key().eq_ignore_ascii_case(&name)).copied()
}

impl Form {
    /// What rows with such columns are, if that is known.
    pub fn of(names: &[String]) -> Option<Form> {
        if envelope::is_row(names.iter().map(|n| n.as_str())) {
            return Some(Form::Row);
        }
        let lower: Vec<String> = names.iter().map(|name| name.trim().to_lowercase()).collect();
        if let Some(n) = WHOLE.iter().find_map(|whole| lower.iter().position(|name| name == whole)) {
            return Some(Form::Whole(n));
        }
        let fields: Vec<_> = names.iter().map(|name| field(name)).collect();
        let has = |key: &str| fields.iter().flatten().any(|field| field.key() == key);
        let known = WANTED.iter().filter(|key| has(key)).count();
        (has("eventName") && known >= 2).then_some(Form::Fields(fields))
    }

    /// The fields that rules often read and that no column has.
    pub fn missing(&self) -> Vec<&'static str> {
        let Form::Fields(fields) = self else { return Vec::new() };
        let has = |key: &&&str| fields.iter().flatten().any(|field| field.key() == **key);
        // What Event history has of the caller is the access key only.
        let whole = |key: &&&str| {
            **key != "userIdentity"
                || fields.contains(&Some(Field::Json("userIdentity")))
                || fields.contains(&Some(Field::Identity("arn")))
        };
        WANTED.iter().filter(|key| !has(key) || !whole(key)).copied().collect()
    }
}

/// An event of the fields, as JSON. The error names the columns that could not be read; the event is without them.
pub fn event_of<'a>(
    fields: &[Option<Field>],
    cells: impl Iterator<Item = Cow<'a, str>>,
) -> (String, Vec<&'static str>) {
    let mut out = String::from("{");
    let (mut identity, mut unread) = (String::new(), Vec::new());
    let add = |out: &mut String, key: &str, value: &str| {
        if out.len() > 1 {
            out.push(',');
        }
        json::write_string(out, key);
        out.push(':');
        out.push_str(value);
    };
    for (field, text) in fields.iter().zip(cells) {
        let text = text.trim();
        let Some(field) = field.filter(|_| !text.is_empty() && text != "null" && text != "-") else {
            continue;
        };
        match field {
            Field::Text(key) => add(&mut out, key, &quoted(text)),
            Field::Identity(key) => {
                if identity.is_empty() {
                    identity.push('{');
                }
                add(&mut identity, key, &quoted(text));
            }
            Field::Json(key) if is_json(text) => add(&mut out, key, text),
            Field::Json(key @ ("userIdentity" | "tlsDetails" | "resources")) => match struct_to_json(text) {
                Some(value) => add(&mut out, key, &value),
                None => unread.push(key),
            },
            Field::Json(key) => add(&mut out, key, &quoted(text)),
        }
    }
    if !identity.is_empty() {
        identity.push('}');
        add(&mut out, "userIdentity", &identity);
    }
    out.push('}');
    (out, unread)
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    json::write_string(&mut out, text);
    out
}

/// Whether a text is an object or a list in JSON.
fn is_json(text: &str) -> bool {
    matches!(text.as_bytes(), [b'{' | b'[', ..]) && json::parse(text.as_bytes()).is_ok()
}

/// The keys of the structs in Athena's table of CloudTrail, which it writes in lower case.
const KEYS: &[&str] = &[
    "type",
    "principalId",
    "arn",
    "accountId",
    "invokedBy",
    "accessKeyId",
    "userName",
    "onBehalfOf",
    "userId",
    "identityStoreArn",
    "sessionContext",
    "attributes",
    "mfaAuthenticated",
    "creationDate",
    "sessionIssuer",
    "ec2RoleDelivery",
    "webIdFederationData",
    "federatedProvider",
    "sourceIdentity",
    "assumedRoot",
    "identityProvider",
    "credentialId",
    "inScopeOf",
    "tlsVersion",
    "cipherSuite",
    "clientProvidedHostHeader",
];
const IDENTITY: &[&str] =
    &["type", "principalId", "arn", "accountId", "invokedBy", "accessKeyId", "userName"];
/// How deep structs stand inside each other.
const MAX_STRUCTS: u8 = 6;

fn camel(key: &str) -> Option<&'static str> {
    KEYS.iter().find(|known| known.eq_ignore_ascii_case(key)).copied()
}

/// Athena's text of a struct, `{type=IAMUser, arn=…, sessioncontext={…}}`, or of a list of such, as JSON. Nothing is quoted
/// there: `None` where a value could be read in two ways.
pub fn struct_to_json(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text.trim();
    value(&mut rest, &mut out, 0)?;
    rest.is_empty().then_some(out)
}

fn value(rest: &mut &str, out: &mut String, depth: u8) -> Option<()> {
    if depth > MAX_STRUCTS {
        return None;
    }
    if let Some(inside) = rest.strip_prefix('[') {
        *rest = inside;
        out.push('[');
        let mut first = true;
        while !eat(rest, "]") {
            if !std::mem::take(&mut first) {
                out.push(',');
                eat(rest, ", ").then_some(())?;
            }
            rest.starts_with('{').then_some(())?;
            value(rest, out, depth + 1)?;
        }
        out.push(']');
        return Some(());
    }
    if let Some(inside) = rest.strip_prefix('{') {
        *rest = inside;
        out.push('{');
        let mut keys = Vec::new();
        while !eat(rest, "}") {
            if !keys.is_empty() {
                out.push(',');
                eat(rest, ", ").then_some(())?;
            }
            let (name, behind) = rest.split_once('=')?;
            let key = camel(name).filter(|key| !keys.contains(key))?;
            keys.push(key);
            // The list of resources alone spells it so.
            json::write_string(out, if depth == 1 && key == "arn" { "ARN" } else { key });
            out.push(':');
            *rest = behind;
            value(rest, out, depth + 1)?;
        }
        out.push('}');
        return Some(());
    }
    // Plain text goes on to what ends the struct, or to the next key.
    let end = rest.find(['{', '}', '[', ']'])?;
    let (mut text, _) = rest.split_at_checked(end)?;
    if let Some(n) = text.find(", ") {
        let (name, _) = text.get(n + 2..)?.split_once('=')?;
        camel(name)?;
        text = text.get(..n)?;
    } else if !rest.get(end..)?.starts_with('}') {
        return None;
    }
    *rest = rest.get(text.len()..)?;
    match text {
        "null" => out.push_str("null"),
        _ => json::write_string(out, text),
    }
    Some(())
}

fn eat(rest: &mut &str, prefix: &str) -> bool {
    match rest.strip_prefix(prefix) {
        Some(behind) => {
            *rest = behind;
            true
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structs_as_athena_writes_them() {
        for (text, want) in [
            ("{type=Root, arn=arn:aws:iam::1:root}", Some(r#"{"type":"Root","arn":"arn:aws:iam::1:root"}"#)),
            ("{}", Some("{}")),
            (
                "{username=a,b=c, invokedby=AWS Internal, accesskeyid=null}",
                Some(r#"{"userName":"a,b=c","invokedBy":"AWS Internal","accessKeyId":null}"#),
            ),
            (
                "{type=AssumedRole, sessioncontext={attributes={mfaauthenticated=false}, sessionissuer={type=Role}}, username=}",
                Some(
                    r#"{"type":"AssumedRole","sessionContext":{"attributes":{"mfaAuthenticated":"false"},"sessionIssuer":{"type":"Role"}},"userName":""}"#,
                ),
            ),
            (
                "[{arn=arn:x, accountid=1, type=AWS::S3::Object}]",
                Some(r#"[{"ARN":"arn:x","accountId":"1","type":"AWS::S3::Object"}]"#),
            ),
            ("[]", Some("[]")),
            // A key that is not known, twice the same, brackets in a value, no end.
            ("{type=Root, x=y}", None),
            ("{arn=a, arn=b}", None),
            ("{type={, arn=a}", None),
            ("{username=a, b, arn=c}", None),
            ("{type=Root", None),
            ("{type=Root} x", None),
            ("type=Root", None),
        ] {
            assert_eq!(struct_to_json(text).as_deref(), want, "{text}");
        }
        assert_eq!(
            struct_to_json(&format!("{}x{}", "{attributes=".repeat(50_000), "}".repeat(50_000))),
            None
        );
    }

    #[test]
    fn forms_by_their_columns() {
        let form = |header: &str| Form::of(&header.split(',').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(form("TimeGenerated [UTC],EventName"), Some(Form::Row));
        assert_eq!(form("_time,_raw,host"), Some(Form::Whole(1)));
        assert_eq!(form("eventJson"), Some(Form::Whole(0)));
        assert!(matches!(form("eventname,eventsource"), Some(Form::Fields(_))));
        assert!(matches!(form("Event name,Event time,User name"), Some(Form::Fields(_))));
        assert_eq!(form("a,b"), None);
        assert_eq!(form("eventname"), None);
    }
}
