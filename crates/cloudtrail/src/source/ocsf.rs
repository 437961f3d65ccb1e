//! Records of OCSF that were CloudTrail events, as Security Lake writes them, mapped back where the mapping is certain.
//!
//! Certain is what the class API Activity keeps as it was: names, ids, addresses, and the request and the response as JSON text.
//! A record without its request as JSON is not taken: a rule would find nothing in it.

use super::envelope::{member, unquoted};
use kql::value::datetime;
use kql::value::json;

/// An event's text fields and where OCSF keeps them.
const TEXTS: &[(&str, &[&str])] = &[
    ("eventVersion", &["metadata", "product", "version"]),
    ("eventSource", &["api", "service", "name"]),
    ("eventName", &["api", "operation"]),
    ("awsRegion", &["cloud", "region"]),
    ("userAgent", &["http_request", "user_agent"]),
    ("errorCode", &["api", "response", "error"]),
    ("errorMessage", &["api", "response", "message"]),
    ("requestID", &["api", "request", "uid"]),
    ("eventID", &["metadata", "uid"]),
    ("apiVersion", &["api", "version"]),
    ("eventType", &["unmapped", "eventType"]),
    ("recipientAccountId", &["unmapped", "recipientAccountId"]),
    ("sharedEventID", &["unmapped", "sharedEventID"]),
    ("readOnly", &["unmapped", "readOnly"]),
    ("managementEvent", &["unmapped", "managementEvent"]),
];
const IDENTITY: &[(&str, &[&str])] = &[
    ("type", &["actor", "user", "type"]),
    ("principalId", &["actor", "user", "uid_alt"]),
    ("accountId", &["actor", "user", "account", "uid"]),
    ("accessKeyId", &["actor", "user", "credential_uid"]),
    ("userName", &["actor", "user", "name"]),
    ("invokedBy", &["actor", "invoked_by"]),
];

/// The event as CloudTrail wrote it, as far as that is certain; `None` if the record is no such event.
pub fn event_of(raw: &[u8]) -> Option<String> {
    let at =
        |path: &[&str]| path.iter().try_fold(raw, |value, key| member(value, key).filter(|v| *v != b"null"));
    let text = |path: &[&str]| {
        at(path).filter(|value| value.starts_with(b"\"")).map(|value| json::unescape(unquoted(value)))
    };
    // API Activity, and nothing else.
    (at(&["class_uid"])? == b"6003" && text(&["metadata", "product", "name"])? == "CloudTrail")
        .then_some(())?;
    let request = at(&["api", "request", "data"]);
    let flattened = at(&["unmapped"])
        .is_some_and(|unmapped| memchr::memmem::find(unmapped, b"\"requestParameters").is_some());
    if request.is_none() && flattened {
        return None;
    }
    let mut out = String::from("{");
    let add = |out: &mut String, key: &str, value: &str| {
        out.push_str(if out.len() > 1 { "," } else { "" });
        json::write_string(out, key);
        out.push(':');
        out.push_str(value);
    };
    let quoted = |text: &str| {
        let mut quoted = String::new();
        json::write_string(&mut quoted, text);
        quoted
    };
    for (key, path) in TEXTS {
        if let Some(value) = at(path) {
            add(&mut out, key, &json::lossy(value));
        }
    }
    let milliseconds: i64 = std::str::from_utf8(at(&["time"])?).ok()?.parse().ok()?;
    let ticks = datetime::UNIX_EPOCH.checked_add(milliseconds.checked_mul(10_000)?).filter(|t| *t >= 0)?;
    add(&mut out, "eventTime", &quoted(&datetime::format(ticks)));
    // A service that called is named as a domain.
    if let Some(address) = at(&["src_endpoint", "ip"]).or_else(|| at(&["src_endpoint", "domain"])) {
        add(&mut out, "sourceIPAddress", &json::lossy(address));
    }
    for (key, path) in
        [("requestParameters", ["api", "request", "data"]), ("responseElements", ["api", "response", "data"])]
    {
        let Some(value) = at(&path) else { continue };
        let text = text(&path);
        match &text {
            // JSON in a text, as it was.
            Some(text) if json::parse(text.as_bytes()).is_ok() => add(&mut out, key, text),
            _ => add(&mut out, key, &json::lossy(value)),
        }
    }
    let mut identity = String::from("{");
    for (key, path) in IDENTITY {
        if let Some(value) = at(path) {
            add(&mut identity, key, &json::lossy(value));
        }
    }
    if let Some(arn) = text(&["actor", "user", "uid"]).filter(|uid| uid.starts_with("arn:")) {
        add(&mut identity, "arn", &quoted(&arn));
    }
    let issuer = text(&["actor", "session", "issuer"]).filter(|issuer| issuer.starts_with("arn:"));
    let mfa = at(&["actor", "session", "is_mfa"]);
    let mut session = String::from("{");
    if let Some(mfa) = mfa {
        add(&mut session, "attributes", &format!("{{\"mfaAuthenticated\":{}}}", quoted(&json::lossy(mfa))));
    }
    if let Some(issuer) = issuer {
        add(&mut session, "sessionIssuer", &format!("{{\"arn\":{}}}", quoted(&issuer)));
    }
    if session.len() > 1 {
        session.push('}');
        add(&mut identity, "sessionContext", &session);
    }
    identity.push('}');
    add(&mut out, "userIdentity", &identity);
    out.push('}');
    Some(out)
}
