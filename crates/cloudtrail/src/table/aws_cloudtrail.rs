//! The columns of Sentinel's `AWSCloudTrail`, and how each is read from a CloudTrail event.
//!
//! Choices where the connector is not documented or disagrees with its reference:
//! * JSON text columns hold the event's own JSON, minified, keys in their order. The connector re-encodes `&` as
//!   `\u0026` there; we keep the raw text, so that `has "&"` finds what the event says. `parse_json` sees no difference.
//! * A value that is text already stays that text, whatever column it is for (a `requestParameters` that holds JSON as
//!   a string gives the JSON). Numbers, booleans, lists and objects give their JSON text.
//! * An event without a readable `eventTime` has a null `TimeGenerated`; it is in no window of time. Sentinel would give it the
//!   time of its ingestion, which is not known here.
//! * Of equal keys the last counts, as in .NET.

use crate::framing::{Member, Outline};
use crate::source::Record;
use crate::source::dates::{self, Date};
use kql::exec::program::Columns;
use kql::value::json::{self, Items, JsonError, Problem};
use kql::value::{Type, Value, convert, datetime};
use std::borrow::Cow;
use std::cell::{Cell, OnceCell};

/// An object in an event that columns are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The event itself.
    Event,
    /// `userIdentity`
    UserIdentity,
    /// `userIdentity.onBehalfOf`
    OnBehalfOf,
    /// `userIdentity.sessionContext`
    SessionContext,
    /// `userIdentity.sessionContext.attributes`
    SessionAttributes,
    /// `userIdentity.sessionContext.sessionIssuer`
    SessionIssuer,
    /// `tlsDetails`
    TlsDetails,
}

/// Where a column comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A field of one of the event's objects, converted to the column's type.
    Field(Place, &'static str),
    /// A field of the security-group permission in `requestParameters.ipPermissions`, if there is exactly one.
    Permission(&'static str),
    /// The address range of that permission, if there is exactly one.
    PermissionRange,
    /// The same for every event.
    Constant(&'static str),
    /// No event has it: a missing value, unless a row brings it along.
    Absent,
}

/// How sure it is that Sentinel's connector fills the column this way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// Documented, and seen in real rows or relied on by Microsoft's own rules.
    High,
    /// Documented only, or told by its name.
    Medium,
    /// A guess, or sources disagree.
    Low,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct ColumnDef {
    /// Its name in a query.
    pub name: &'static str,
    /// The type of its values.
    pub ty: Type,
    /// Where it comes from.
    pub origin: Origin,
    /// How sure that is.
    pub certainty: Certainty,
    /// What it means, one line.
    pub doc: &'static str,
}

const fn column(
    name: &'static str,
    ty: Type,
    origin: Origin,
    certainty: Certainty,
    doc: &'static str,
) -> ColumnDef {
    ColumnDef { name, ty, origin, certainty, doc }
}

use Certainty::{High, Low, Medium};
use Origin::{Absent, Constant, Field, Permission, PermissionRange};
use Place::{Event, OnBehalfOf, SessionAttributes, SessionContext, SessionIssuer, TlsDetails, UserIdentity};
use Type::{Bool, DateTime, Real, String as Text};

/// The table, in the order of Azure Monitor's reference.
#[rustfmt::skip]
static COLUMNS: [ColumnDef; 55] = [
    column("AdditionalEventData", Text, Field(Event, "additionalEventData"), High, "Data the service adds to the request and response, as JSON text."),
    column("APIVersion", Text, Field(Event, "apiVersion"), High, "The version of the API that was called."),
    column("AwsEventId", Text, Field(Event, "eventID"), High, "The id of the event, a GUID."),
    column("AWSRegion", Text, Field(Event, "awsRegion"), High, "The region that received the request."),
    column("AwsRequestId", Text, Absent, Medium, "Deprecated, always empty; use AwsRequestId_."),
    column("AwsRequestId_", Text, Field(Event, "requestID"), High, "The id that the called service gave to the request."),
    column("_BilledSize", Real, Absent, High, "Bytes that Azure bills for the row; unknown outside Azure."),
    column("Category", Text, Absent, Low, "Always empty. Microsoft documents it as the event's category."),
    column("CidrIp", Text, PermissionRange, Low, "The address range of the only permission of a security-group request."),
    column("CipherSuite", Text, Field(TlsDetails, "cipherSuite"), High, "The cipher suite of the request's TLS connection."),
    column("ClientProvidedHostHeader", Text, Field(TlsDetails, "clientProvidedHostHeader"), High, "The host name the client called."),
    column("DestinationPort", Text, Permission("toPort"), Low, "The last port of the only permission of a security-group request."),
    column("EC2RoleDelivery", Text, Field(SessionContext, "ec2RoleDelivery"), Medium, "The version of the instance metadata service that issued the credentials."),
    column("ErrorCode", Text, Field(Event, "errorCode"), High, "The error code of the service; empty if the request succeeded."),
    column("ErrorMessage", Text, Field(Event, "errorMessage"), High, "The error message of the service."),
    column("EventName", Text, Field(Event, "eventName"), High, "The requested action."),
    column("EventSource", Text, Field(Event, "eventSource"), High, "The host name of the called service."),
    column("EventTypeName", Text, Field(Event, "eventType"), High, "The kind of event: AwsApiCall, AwsConsoleSignIn …"),
    column("EventVersion", Text, Field(Event, "eventVersion"), High, "The version of CloudTrail's format."),
    column("IpProtocol", Text, Permission("ipProtocol"), Low, "The protocol of the only permission of a security-group request."),
    column("_IsBillable", Text, Absent, High, "Whether Azure bills for the row; unknown outside Azure."),
    column("ManagementEvent", Bool, Field(Event, "managementEvent"), High, "Whether it is a management event."),
    column("OperationName", Text, Absent, Low, "Always empty. Microsoft documents it as the constant CloudTrail."),
    column("ReadOnly", Bool, Field(Event, "readOnly"), High, "Whether the action only reads."),
    column("RecipientAccountId", Text, Field(Event, "recipientAccountId"), High, "The account whose trail recorded the event."),
    column("RequestParameters", Text, Field(Event, "requestParameters"), High, "The request, as JSON text."),
    column("Resources", Text, Field(Event, "resources"), High, "The resources of the request, as JSON text of a list."),
    column("ResponseElements", Text, Field(Event, "responseElements"), High, "The response to a change, as JSON text."),
    column("ServiceEventDetails", Text, Field(Event, "serviceEventDetails"), Medium, "The cause and the result of a service event, as JSON text."),
    column("SessionCreationDate", DateTime, Field(SessionAttributes, "creationDate"), High, "When the session's credentials were issued."),
    column("SessionIssuerAccountId", Text, Field(SessionIssuer, "accountId"), High, "The account of the role or user the session came from."),
    column("SessionIssuerArn", Text, Field(SessionIssuer, "arn"), High, "The ARN of the role or user the session came from."),
    column("SessionIssuerPrincipalId", Text, Field(SessionIssuer, "principalId"), High, "The internal id of the role or user the session came from."),
    column("SessionIssuerType", Text, Field(SessionIssuer, "type"), High, "Root, IAMUser or Role."),
    column("SessionIssuerUserName", Text, Field(SessionIssuer, "userName"), High, "Its name."),
    column("SessionMfaAuthenticated", Bool, Field(SessionAttributes, "mfaAuthenticated"), High, "Whether the session started with multi-factor authentication; null without a session."),
    column("SharedEventId", Text, Field(Event, "sharedEventID"), High, "The id that copies of one event in several accounts share."),
    column("SourceIpAddress", Text, Field(Event, "sourceIPAddress"), High, "The IP address of the caller, or the name of the calling AWS service."),
    column("SourcePort", Text, Permission("fromPort"), Low, "The first port of the only permission of a security-group request."),
    column("SourceSystem", Text, Absent, Low, "Always empty."),
    column("TenantId", Text, Absent, High, "The Log Analytics workspace; always empty outside Azure."),
    column("TimeGenerated", DateTime, Field(Event, "eventTime"), High, "When the event happened, UTC."),
    column("TlsVersion", Text, Field(TlsDetails, "tlsVersion"), High, "The TLS version of the request's connection."),
    column("Type", Text, Constant("AWSCloudTrail"), High, "The table's name."),
    column("UserAgent", Text, Field(Event, "userAgent"), High, "The user agent of the caller."),
    column("UserIdentityAccessKeyId", Text, Field(UserIdentity, "accessKeyId"), High, "The access key that signed the request."),
    column("UserIdentityAccountId", Text, Field(UserIdentity, "accountId"), High, "The caller's account."),
    column("UserIdentityArn", Text, Field(UserIdentity, "arn"), High, "The caller's ARN."),
    column("UserIdentityInvokedBy", Text, Field(UserIdentity, "invokedBy"), High, "The AWS service that made the request for the caller."),
    column("UserIdentityPrincipalid", Text, Field(UserIdentity, "principalId"), High, "The caller's internal id."),
    column("UserIdentityStoreArn", Text, Field(OnBehalfOf, "identityStoreArn"), Medium, "The Identity Center store of the person the request was made for."),
    column("UserIdentityType", Text, Field(UserIdentity, "type"), High, "The kind of caller: Root, IAMUser, AssumedRole …"),
    column("UserIdentityUserId", Text, Field(OnBehalfOf, "userId"), Medium, "The Identity Center id of the person the request was made for."),
    column("UserIdentityUserName", Text, Field(UserIdentity, "userName"), High, "The caller's name."),
    column("VpcEndpointId", Text, Field(Event, "vpcEndpointId"), High, "The VPC endpoint that the request passed through."),
];

/// The columns of `AWSCloudTrail`.
pub fn columns() -> &'static [ColumnDef] {
    &COLUMNS
}

/// The place of a column by its name, as it is written.
pub fn index_of(name: &str) -> Option<usize> {
    COLUMNS.iter().position(|c| c.name == name)
}

/// The event's own fields that columns are read from, and those that hold the other objects.
const FIELDS: [&str; 25] = [
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "errorCode",
    "errorMessage",
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "requestID",
    "eventID",
    "readOnly",
    "resources",
    "eventType",
    "managementEvent",
    "recipientAccountId",
    "sharedEventID",
    "vpcEndpointId",
    "apiVersion",
    "serviceEventDetails",
    "tlsDetails",
];

/// One row over a raw record, either a CloudTrail event or a row that has the columns already. Nothing is read
/// before a column is asked for; then the record's top level is read once, and further objects when a column needs
/// them.
pub struct EventRow<'a> {
    raw: &'a [u8],
    /// What is known of an event already.
    outline: Option<Outline<'a>>,
    /// How many fields were looked for among its members.
    looked_for: Cell<u8>,
    top: OnceCell<Top<'a>>,
    objects: [OnceCell<Members<'a>>; 6],
}

/// To look for so many fields of an event, one by one, takes less time than to find all of them.
const FEW: u8 = 6;

/// The members of an object: keys as JSON spells them, and raw values.
type Members<'a> = Vec<(&'a [u8], &'a [u8])>;

/// The top level of a record.
struct Top<'a> {
    fields: [Option<&'a [u8]>; FIELDS.len()],
    /// The values under the columns' own names, boxed as only rows have them.
    columns: Option<Box<[Option<&'a [u8]>; COLUMNS.len()]>>,
    problem: Option<JsonError>,
}

impl<'a> EventRow<'a> {
    /// A row over one JSON object.
    pub fn new(raw: &'a [u8]) -> EventRow<'a> {
        EventRow {
            raw,
            outline: None,
            looked_for: Cell::new(0),
            top: OnceCell::new(),
            objects: Default::default(),
        }
    }

    /// The row of a record from a source, which may know already where its members stand.
    pub fn of(record: &Record<'a>) -> EventRow<'a> {
        EventRow { outline: record.outline, ..EventRow::new(record.raw) }
    }

    /// The record it is read from.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The value of a column. A text that is missing is empty; anything else that is missing, or cannot be
    /// read as the column's type, is null.
    pub fn column(&self, index: usize) -> Value {
        let Some(def) = COLUMNS.get(index) else {
            return Value::Null;
        };
        self.raw_column(index).map_or_else(|| missing(def), |raw| self.typed(raw, def.ty))
    }

    /// What a column is read from, as JSON; `None` if the record does not have it.
    pub fn raw_column(&self, index: usize) -> Option<&'a [u8]> {
        if let Some(columns) = self.row_columns() {
            return columns.get(index).copied().flatten();
        }
        match COLUMNS.get(index)?.origin {
            Field(place, key) => self.field(place, key),
            Permission(key) => member(self.permission()?, key),
            PermissionRange => member(only_item(member(self.permission()?, "ipRanges")?)?, "cidrIp"),
            Constant(_) | Absent => None,
        }
    }

    /// An event's `eventName` and `eventSource` as JSON spells them, without quotes, if both are texts.
    pub fn bare_name_and_source(&self) -> Option<[&'a [u8]; 2]> {
        if self.row_columns().is_some() {
            return None;
        }
        let bare = |key| bare(self.field(Event, key)?);
        Some([bare("eventName")?, bare("eventSource")?])
    }

    /// The event's `eventName` and `eventSource`, or the columns of a row.
    pub fn name_and_source(&self) -> [Cow<'a, str>; 2] {
        let columns = self.row_columns();
        [("eventName", "EventName"), ("eventSource", "EventSource")].map(|(field, column)| {
            let raw = match columns {
                Some(columns) => index_of(column).and_then(|at| columns.get(at).copied().flatten()),
                None => self.field(Event, field),
            };
            raw.map(text).unwrap_or_default()
        })
    }

    /// The columns of a record that has them already.
    fn row_columns(&self) -> Option<&[Option<&'a [u8]>; COLUMNS.len()]> {
        // Only events have an outline.
        if self.outline.is_some() { None } else { self.top().columns.as_deref() }
    }

    fn typed(&self, raw: &[u8], ty: Type) -> Value {
        match self.outline {
            // Without white space it is the text already.
            Some(Outline { minified: true, .. })
                if ty == Text && matches!(raw.first(), Some(b'{' | b'[')) =>
            {
                Value::text(&json::raw_text(raw))
            }
            _ => to_type(raw, ty),
        }
    }

    /// `TimeGenerated` in ticks; `None` where it is null.
    pub fn time(&self) -> Option<i64> {
        let raw = self.raw_time()?;
        // Mostly as CloudTrail writes it, which has no escape.
        bare(raw).and_then(datetime::parse_plain).or_else(|| match to_type(raw, DateTime) {
            Value::DateTime(ticks) => Some(ticks),
            _ => None,
        })
    }

    /// What `TimeGenerated` is read from, as JSON; `None` if the record does not have it.
    pub fn raw_time(&self) -> Option<&'a [u8]> {
        match self.row_columns() {
            Some(columns) => columns.get(index_of("TimeGenerated")?).copied().flatten(),
            None => self.field(Event, "eventTime"),
        }
    }

    /// The event's id; `None` if it is missing or empty.
    pub fn event_id(&self) -> Option<Cow<'a, str>> {
        let raw = match self.row_columns() {
            Some(columns) => columns.get(index_of("AwsEventId")?).copied().flatten(),
            None => self.field(Event, "eventID"),
        };
        Some(text(raw?)).filter(|id| !id.is_empty())
    }

    /// Whether the record has the table's columns already.
    pub fn is_row_form(&self) -> bool {
        self.row_columns().is_some()
    }

    /// What is wrong with the record's top level, if anything. The columns before that place can be read.
    pub fn problem(&self) -> Option<JsonError> {
        self.top().problem
    }

    fn top(&self) -> &Top<'a> {
        self.top.get_or_init(|| match self.outline {
            Some(outline) if outline.plain_keys => top_of(self.raw, outline.members),
            // A field may be spelt with escapes.
            _ => read_top(self.raw),
        })
    }

    fn field(&self, place: Place, key: &str) -> Option<&'a [u8]> {
        if place == Event {
            return match (key, &self.outline) {
                ("eventName", Some(outline)) => outline.name(self.raw),
                ("eventSource", Some(outline)) => outline.source(self.raw),
                ("eventTime", Some(outline)) => outline.time(self.raw),
                (_, Some(outline)) if outline.plain_keys && self.looks_for_few() => {
                    outline.spelt(self.raw, key)
                }
                _ => self.top().fields.get(field_at(key.as_bytes())?).copied().flatten(),
            };
        }
        let members = self.objects.get(place as usize - 1)?.get_or_init(|| {
            let object = match place {
                Event => None,
                UserIdentity => self.field(Event, "userIdentity"),
                TlsDetails => self.field(Event, "tlsDetails"),
                OnBehalfOf => self.field(UserIdentity, "onBehalfOf"),
                SessionContext => self.field(UserIdentity, "sessionContext"),
                SessionAttributes => self.field(SessionContext, "attributes"),
                SessionIssuer => self.field(SessionContext, "sessionIssuer"),
            };
            object.map(members).unwrap_or_default()
        });
        members.iter().rev().find(|(k, _)| is_key(k, key)).map(|(_, value)| *value)
    }

    /// Whether another field is to be looked for by itself.
    fn looks_for_few(&self) -> bool {
        let before = self.looked_for.get();
        self.looked_for.set(before.saturating_add(1));
        before < FEW
    }

    fn permission(&self) -> Option<&'a [u8]> {
        only_item(member(self.field(Event, "requestParameters")?, "ipPermissions")?)
    }
}

impl Columns for EventRow<'_> {
    fn column(&self, index: usize) -> Value {
        EventRow::column(self, index)
    }
}

/// Where a field stands in [`FIELDS`], by the [`slot`] of its name: no two share one.
const SLOTS: [u8; 64] = {
    let mut slots = [u8::MAX; 64];
    let mut n = 0;
    while n < FIELDS.len() {
        let slot = slot(FIELDS[n].as_bytes());
        assert!(slots[slot] == u8::MAX, "two fields share a slot: other factors will part them");
        slots[slot] = n as u8;
        n += 1;
    }
    slots
};

const fn slot(key: &[u8]) -> usize {
    match key {
        [first, .., x, _, _] => (key.len() + *first as usize * 7 + *x as usize * 25) % 64,
        _ => 0,
    }
}

fn field_at(key: &[u8]) -> Option<usize> {
    let at = usize::from(*SLOTS.get(slot(key))?);
    FIELDS.get(at).filter(|field| field.as_bytes() == key).map(|_| at)
}

/// The top level of an event whose members are known.
fn top_of<'a>(raw: &'a [u8], members: &[Member]) -> Top<'a> {
    let mut top = Top { fields: [None; FIELDS.len()], columns: None, problem: None };
    for member in members {
        let key = member.key(raw);
        if let Some(slot) = field_at(key).and_then(|n| top.fields.get_mut(n)) {
            *slot = Some(member.value(raw));
        }
    }
    top
}

fn read_top(raw: &[u8]) -> Top<'_> {
    let mut top = Top { fields: [None; FIELDS.len()], columns: None, problem: None };
    let mut columns = [None; COLUMNS.len()];
    let mut row = false;
    let start = json::skip_space(raw, 0);
    let Some(mut items) = Items::open(raw).filter(Items::is_object) else {
        let problem = if start >= raw.len() { Problem::Cut } else { Problem::Unexpected };
        top.problem = Some(JsonError { offset: start, problem });
        return top;
    };
    for item in items.by_ref() {
        let (key, value) = match item {
            Ok(member) => member,
            Err(error) => {
                top.problem = Some(error);
                break;
            }
        };
        // Most keys are an event's own, as CloudTrail spells them.
        if let Some(slot) = field_at(key).and_then(|n| top.fields.get_mut(n)) {
            *slot = Some(value);
            continue;
        }
        let key = json::unescape(key);
        if let Some(slot) = field_at(key.as_bytes()).and_then(|n| top.fields.get_mut(n)) {
            *slot = Some(value);
        } else if let Some(slot) =
            index_of(crate::source::csv::column_name(&key)).and_then(|n| columns.get_mut(n))
        {
            *slot = Some(value);
            row = true;
        }
    }
    let end = json::skip_space(raw, items.offset());
    if top.problem.is_none() && end < raw.len() {
        top.problem = Some(JsonError { offset: end, problem: Problem::Unexpected });
    }
    let own = ["eventName", "eventSource", "eventTime"].map(|own| field_at(own.as_bytes()));
    let event = own.into_iter().flatten().any(|n| top.fields.get(n).is_some_and(Option::is_some));
    if row && !event {
        top.columns = Some(Box::new(columns));
    }
    top
}

fn members(object: &[u8]) -> Members<'_> {
    Items::open(object).filter(Items::is_object).into_iter().flatten().map_while(Result::ok).collect()
}

/// Whether a key, as JSON spells it, is this one.
fn is_key(spelt: &[u8], key: &str) -> bool {
    // An escape is longer than what it stands for.
    spelt == key.as_bytes()
        || (spelt.len() > key.len() && spelt.contains(&b'\\') && json::unescape(spelt) == key)
}

fn member<'a>(object: &'a [u8], key: &str) -> Option<&'a [u8]> {
    let items = Items::open(object).filter(Items::is_object)?;
    items.map_while(Result::ok).filter(|(k, _)| is_key(k, key)).last().map(|(_, v)| v)
}

/// The only item of EC2's `{"items":[…]}` or of a plain list.
fn only_item(list: &[u8]) -> Option<&[u8]> {
    let list = if list.first() == Some(&b'{') { member(list, "items")? } else { list };
    let mut items = Items::open(list).filter(|i| !i.is_object())?.map_while(Result::ok);
    let (_, only) = items.next()?;
    items.next().is_none().then_some(only)
}

fn missing(def: &ColumnDef) -> Value {
    match def.origin {
        Constant(text) => Value::text(text),
        _ => def.ty.missing(),
    }
}

/// What stands between the quotes of a raw text.
fn bare(raw: &[u8]) -> Option<&[u8]> {
    raw.strip_prefix(b"\"").and_then(|r| r.strip_suffix(b"\""))
}

/// The text of a raw value: a text itself, nothing for null, otherwise the minified JSON.
fn text(raw: &[u8]) -> Cow<'_, str> {
    if let Some(body) = bare(raw) {
        return json::unescape(body);
    }
    if raw == b"null" {
        return Cow::Borrowed("");
    }
    json::raw_text(json::minify(raw))
}

fn to_type(raw: &[u8], ty: Type) -> Value {
    match ty {
        Text => Value::text(&text(raw)),
        DateTime if raw.first() == Some(&b'"') => {
            read_datetime(&text(raw)).map_or(Value::Null, Value::DateTime)
        }
        // A bare number could be seconds or milliseconds since 1970, or ticks: not for us to guess.
        DateTime => Value::Null,
        other => convert::convert(&Value::text(&text(raw)), Text, other),
    }
}

/// A datetime in the forms of Kusto, or as a browser writes it if it can be read in one way only.
pub(crate) fn read_datetime(text: &str) -> Option<i64> {
    datetime::parse_plain(text.as_bytes()).or_else(|| match dates::read(text, None) {
        Date::Time(ticks, _) => Some(ticks),
        Date::Other => datetime::parse(text),
        Date::Either | Date::Wrong => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framing::scan::{Scan, Step};

    fn show(raw: &str, column: &str) -> String {
        let row = EventRow::new(raw.as_bytes());
        match row.column(index_of(column).expect("a column")) {
            Value::Null => "null".to_owned(),
            Value::String(s) => format!("{s:?}"),
            other => kql::value::text::scalar(&other),
        }
    }

    #[test]
    fn columns_of_an_event() {
        let raw = r#"{"eventVersion":"1.08","userIdentity":{"type":"AssumedRole","arn":"arn:x","sessionContext":
            {"sessionIssuer":{"type":"Role","userName":"r"},"attributes":{"creationDate":"2026-01-02T03:04:05Z",
            "mfaAuthenticated":"true"},"ec2RoleDelivery":"2.0"},"onBehalfOf":{"userId":"u","identityStoreArn":"s"}},
            "eventTime":"2026-01-02T03:04:06Z","event\u004eame":"Put","readOnly":false,"managementEvent":"True",
            "requestParameters":{ "a b" : [ 1, "x & y" ] },"responseElements":null,"resources":[ {"ARN":"a"} ],
            "tlsDetails":{"tlsVersion":"TLSv1.3"},"apiVersion":20150101,"eventID":"one","eventID":"two"}"#;
        for (column, want) in [
            ("EventName", "\"Put\""),
            ("UserIdentityArn", "\"arn:x\""),
            ("UserIdentityUserName", "\"\""),
            ("SessionIssuerUserName", "\"r\""),
            ("SessionIssuerArn", "\"\""),
            ("SessionMfaAuthenticated", "True"),
            ("SessionCreationDate", "2026-01-02T03:04:05.0000000Z"),
            ("EC2RoleDelivery", "\"2.0\""),
            ("UserIdentityUserId", "\"u\""),
            ("UserIdentityStoreArn", "\"s\""),
            ("TimeGenerated", "2026-01-02T03:04:06.0000000Z"),
            ("ReadOnly", "False"),
            ("ManagementEvent", "True"),
            ("RequestParameters", r#""{\"a b\":[1,\"x & y\"]}""#),
            ("ResponseElements", "\"\""),
            ("Resources", r#""[{\"ARN\":\"a\"}]""#),
            ("TlsVersion", "\"TLSv1.3\""),
            ("APIVersion", "\"20150101\""),
            ("AwsEventId", "\"two\""),
            ("Type", "\"AWSCloudTrail\""),
            ("_BilledSize", "null"),
            ("Category", "\"\""),
        ] {
            assert_eq!(show(raw, column), want, "{column}");
        }
        let row = EventRow::new(raw.as_bytes());
        assert_eq!(row.event_id().as_deref(), Some("two"));
        assert_eq!(row.problem(), None);
        assert!(!row.is_row_form());
    }

    #[test]
    fn an_outline_changes_no_column() {
        let key = |name: &str, form: usize| match form {
            0 => name.to_owned(),
            1 => name.replacen('e', "\\u0065", 1),
            _ => format!("{name}s"),
        };
        // Each field twice, in every pair of spellings.
        for (first, second) in (0..3).flat_map(|a| (0..3).map(move |b| (a, b))) {
            let members = FIELDS.iter().enumerate().flat_map(|(n, name)| {
                [first, second].map(|form| format!(r#""{}":{{"arn":"{n}-{form}"}}"#, key(name, form)))
            });
            let raw = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
            let mut scan = Scan::new(false);
            assert!(matches!(scan.run(raw.as_bytes()), Step::End(_)));
            let outlined = || EventRow { outline: scan.outline(), ..EventRow::new(raw.as_bytes()) };
            assert!(outlined().outline.is_some());
            let (all, plain) = (outlined(), EventRow::new(raw.as_bytes()));
            for (index, column) in COLUMNS.iter().enumerate() {
                let want = plain.raw_column(index);
                assert_eq!(outlined().raw_column(index), want, "{} alone, of {raw}", column.name);
                assert_eq!(all.raw_column(index), want, "{} among all, of {raw}", column.name);
            }
        }
    }

    #[test]
    fn every_field_is_indexed() {
        for c in columns() {
            if let Field(Event, key) = c.origin {
                assert!(FIELDS.contains(&key), "{key}");
            }
        }
        let mut names: Vec<_> = columns().iter().map(|c| c.name.to_lowercase()).collect();
        names.dedup();
        assert_eq!(names.len(), 55);
        assert!(names.is_sorted_by_key(|n| n.trim_start_matches('_').to_owned()));
    }

    #[test]
    fn missing_and_odd_values() {
        for (raw, column, want) in [
            ("{}", "EventName", "\"\""),
            ("{}", "TimeGenerated", "null"),
            ("{}", "SessionMfaAuthenticated", "null"),
            (r#"{"userIdentity":null}"#, "UserIdentityArn", "\"\""),
            (r#"{"userIdentity":"root"}"#, "UserIdentityArn", "\"\""),
            (r#"{"userIdentity":{"sessionContext":{"sessionIssuer":{}}}}"#, "SessionIssuerArn", "\"\""),
            (r#"{"eventTime":"2026-13-02T03:04:05Z"}"#, "TimeGenerated", "null"),
            (r#"{"eventTime":1767323045}"#, "TimeGenerated", "null"),
            (
                r#"{"eventTime":"2026-01-01T23:59:59.9999999Z"}"#,
                "TimeGenerated",
                "2026-01-01T23:59:59.9999999Z",
            ),
            (r#"{"eventTime":"2026-01-02T00:00:00Z"}"#, "TimeGenerated", "2026-01-02T00:00:00.0000000Z"),
            (r#"{"readOnly":"maybe"}"#, "ReadOnly", "null"),
            (r#"{"readOnly":null}"#, "ReadOnly", "null"),
            (r#"{"requestParameters":"{\"a\":1}"}"#, "RequestParameters", r#""{\"a\":1}""#),
            (r#"{"errorCode":true}"#, "ErrorCode", "\"true\""),
            (r#"{"eventName":"\ud800"}"#, "EventName", "\"\u{fffd}\""),
        ] {
            assert_eq!(show(raw, column), want, "{raw}");
        }
    }

    #[test]
    fn one_permission_only() {
        let one =
            r#"{"ipProtocol":"tcp","fromPort":22,"toPort":23,"ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"}]}}"#;
        let event =
            |items: &str| format!(r#"{{"requestParameters":{{"ipPermissions":{{"items":[{items}]}}}}}}"#);
        for (column, want) in [
            ("IpProtocol", "\"tcp\""),
            ("SourcePort", "\"22\""),
            ("DestinationPort", "\"23\""),
            ("CidrIp", "\"0.0.0.0/0\""),
        ] {
            assert_eq!(show(&event(one), column), want);
            assert_eq!(show(&event(&format!("{one},{one}")), column), "\"\"");
            assert_eq!(show(&event(""), column), "\"\"");
        }
    }

    #[test]
    fn rows_that_have_the_columns() {
        let raw = r#"{"TimeGenerated [UTC]":"13/02/2026, 03:04:05.678","EventName":"Put","ReadOnly":"true",
            "RequestParameters":{"a": 1},"SessionMfaAuthenticated":false,"SessionCreationDate":"","TenantId":"t",
            "Type":"AWSCloudTrail","AwsEventId":"id","_BilledSize":12}"#;
        for (column, want) in [
            ("TimeGenerated", "2026-02-13T03:04:05.6780000Z"),
            ("EventName", "\"Put\""),
            ("ReadOnly", "True"),
            ("RequestParameters", r#""{\"a\":1}""#),
            ("SessionMfaAuthenticated", "False"),
            ("SessionCreationDate", "null"),
            ("TenantId", "\"t\""),
            ("EventSource", "\"\""),
            ("_BilledSize", "12.0"),
        ] {
            assert_eq!(show(raw, column), want, "{column}");
        }
        let row = EventRow::new(raw.as_bytes());
        assert!(row.is_row_form());
        assert_eq!(row.event_id().as_deref(), Some("id"));
        assert!(row.time().is_some());
        assert_eq!(read_datetime("2/13/2026, 3:04:05.678 PM"), datetime::parse("2026-02-13T15:04:05.678Z"));
        // The first of February or the second of January.
        assert_eq!(read_datetime("2/1/2026, 3:04:05.678 PM"), None);
        assert_eq!(read_datetime("31/04/2026, 03:04:05"), None);
    }

    #[test]
    fn broken_records_say_where() {
        let at = |raw: &str| EventRow::new(raw.as_bytes()).problem().map(|e| (e.offset, e.problem));
        assert_eq!(at(""), Some((0, Problem::Cut)));
        assert_eq!(at("[]"), Some((0, Problem::Unexpected)));
        assert_eq!(at(r#"{"eventName":"a""#), Some((16, Problem::Cut)));
        assert_eq!(at(r#"{"a":1} x"#), Some((8, Problem::Unexpected)));
        assert_eq!(show(r#"{"eventName":"a" "b":1}"#, "EventName"), "\"a\"");
        let deep = format!(
            r#"{{"eventName":"a","requestParameters":{}{}}}"#,
            "[".repeat(50_000),
            "]".repeat(50_000)
        );
        assert_eq!(show(&deep, "EventName"), "\"a\"");
    }
}
