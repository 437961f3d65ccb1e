//! Logs that are lines of fields: each line to a JSON object of texts, under the names that AWS's documentation gives the fields.

use super::reader::Reader;
use super::unpack::{BOM, begins_json};
use crate::framing::MAX_RECORD;
use crate::table::logs::{CLOUDWATCH, Log, S3_SERVER_ACCESS, VPC_FLOW};
use kql::value::{datetime, json};
use memchr::memchr;

/// The fields of flow logs in AWS's default format.
const FLOW_DEFAULT: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";

/// Lines of one log, cut anywhere.
pub struct Lines {
    format: Format,
    /// The current line, as far as it has come.
    pending: Vec<u8>,
    /// The line is too long: it is stepped over.
    oversize: bool,
    /// Where the next byte stands.
    at: u64,
    /// Where the current line begins, and which it is.
    start: u64,
    number: u64,
}

/// The fields of S3's server access logs, by their place. Later versions append others.
const S3_ACCESS: [&str; 27] = [
    "bucket_owner",
    "bucket",
    "time",
    "remote_ip",
    "requester",
    "request_id",
    "operation",
    "key",
    "request_uri",
    "http_status",
    "error_code",
    "bytes_sent",
    "object_size",
    "total_time",
    "turn_around_time",
    "referer",
    "user_agent",
    "version_id",
    "host_id",
    "signature_version",
    "cipher_suite",
    "authentication_type",
    "host_header",
    "tls_version",
    "access_point_arn",
    "acl_required",
    "source_region",
];
/// How many of them the oldest lines have: up to the version of the object.
const S3_ACCESS_LEAST: usize = 18;

/// What the lines are.
enum Format {
    /// Flow logs with these fields.
    Flow(Vec<String>),
    /// S3's server access logs.
    S3Access,
    /// CloudWatch Logs' export: a time and a message. The message goes on in lines without a time, so the last waits for the next.
    CloudWatch(Option<Message>),
}

/// A message of CloudWatch Logs whose end has not been seen.
struct Message {
    offset: u64,
    time: String,
    text: String,
}

impl Lines {
    /// The reader of a file, if its first line shows what log it is. The line is yet to be [pushed](Self::push).
    pub fn of(line: &[u8], offset: u64) -> Option<Lines> {
        let line = std::str::from_utf8(line.get(..MAX_RECORD).unwrap_or(line)).ok()?;
        let format = Format::of(line.trim_end())?;
        Some(Lines { format, pending: Vec::new(), oversize: false, at: offset, start: offset, number: 1 })
    }

    /// Reads on.
    pub fn push(&mut self, mut chunk: &[u8], reader: &mut Reader<'_>) {
        while let Some(end) = memchr(b'\n', chunk) {
            let (line, rest) = chunk.split_at(end);
            self.at += end as u64 + 1;
            if self.pending.is_empty() && !self.oversize {
                self.line(line, reader);
            } else {
                self.keep(line);
                self.end_line(reader);
            }
            self.start = self.at;
            self.number += 1;
            chunk = rest.get(1..).unwrap_or_default();
        }
        self.at += chunk.len() as u64;
        self.keep(chunk);
    }

    /// Keeps a part of a line for later, as much of it as may be read.
    fn keep(&mut self, part: &[u8]) {
        self.oversize |= self.pending.len() + part.len() > MAX_RECORD;
        match self.oversize {
            true => self.pending.clear(),
            false => self.pending.extend_from_slice(part),
        }
    }

    /// The file ended: its last line may lack its break.
    pub fn finish(&mut self, reader: &mut Reader<'_>) {
        if !self.pending.is_empty() || self.oversize {
            self.end_line(reader);
        }
        self.end_message(reader);
    }

    /// The message that waited is complete.
    fn end_message(&mut self, reader: &mut Reader<'_>) {
        let Format::CloudWatch(waiting) = &mut self.format else { return };
        let Some(Message { offset, time, text }) = waiting.take() else { return };
        // A log group may hold what other services write: that is a row of its own table, as its own file would be.
        if begins_json(text.as_bytes()) && reader.holds_record(text.as_bytes()) {
            return reader.json_line(text.as_bytes(), offset);
        }
        if is_default_flow(&text) {
            let fields = FLOW_DEFAULT.split(' ').zip(text.split_ascii_whitespace());
            return reader.line(VPC_FLOW, object(VPC_FLOW, fields).as_bytes(), offset);
        }
        let fields = [("timestamp", &*time), ("message", &*text)];
        reader.line(CLOUDWATCH, object(CLOUDWATCH, fields.into_iter()).as_bytes(), offset);
    }

    /// A line of CloudWatch Logs' export.
    fn message_line(&mut self, line: &str, offset: u64, reader: &mut Reader<'_>) {
        if let Some((time, text)) = timed(line) {
            self.end_message(reader);
            self.format =
                Format::CloudWatch(Some(Message { offset, time: time.to_owned(), text: text.to_owned() }));
            return;
        }
        let Format::CloudWatch(Some(Message { text, .. })) = &mut self.format else {
            return reader.report_at(offset, "bad_row", format!("line {} has no time", self.number));
        };
        if text.len() + line.len() > MAX_RECORD {
            let message =
                format!("line {}: the message is larger than {} MiB", self.number, MAX_RECORD >> 20);
            return reader.report_at(offset, "too_large", message);
        }
        text.push('\n');
        text.push_str(line);
    }

    /// The line that was kept is complete.
    fn end_line(&mut self, reader: &mut Reader<'_>) {
        let mut line = std::mem::take(&mut self.pending);
        self.line(&line, reader);
        line.clear();
        self.pending = line;
    }

    fn line(&mut self, line: &[u8], reader: &mut Reader<'_>) {
        let offset = self.start;
        if std::mem::take(&mut self.oversize) {
            let message = format!("line {} is larger than {} MiB", self.number, MAX_RECORD >> 20);
            return reader.report_at(offset, "too_large", message);
        }
        let line = line.strip_prefix(&BOM).unwrap_or(line).trim_ascii_end();
        if let Format::CloudWatch(_) = self.format {
            return self.message_line(&json::lossy(line), offset, reader);
        }
        let line = line.trim_ascii_start();
        if line.is_empty() {
            return;
        }
        if begins_json(line) {
            return reader.json_line(line, offset);
        }
        let text = json::lossy(line);
        if let Some(header) = Format::header(&text) {
            // Files that were joined: each brings its header.
            self.format = header;
            return;
        }
        match self.format.record(&text) {
            Ok((log, record)) => reader.line(log, record.as_bytes(), offset),
            Err(why) => reader.report_at(offset, "bad_row", format!("line {} {why}", self.number)),
        }
    }
}

impl Format {
    /// What a file is whose first line is this.
    fn of(line: &str) -> Option<Format> {
        if is_default_flow(line) {
            return Some(Format::Flow(FLOW_DEFAULT.split(' ').map(str::to_owned).collect()));
        }
        if is_s3_access(line) {
            return Some(Format::S3Access);
        }
        if timed(line).is_some() {
            return Some(Format::CloudWatch(None));
        }
        Format::header(line)
    }

    /// What a header says of the lines below it.
    fn header(line: &str) -> Option<Format> {
        is_flow_header(line).then(|| Format::Flow(line.split_ascii_whitespace().map(str::to_owned).collect()))
    }

    /// A line as a record, or what is wrong with it.
    fn record(&self, line: &str) -> Result<(Log, String), String> {
        match self {
            Format::Flow(names) => {
                let fields: Vec<&str> = line.split_ascii_whitespace().collect();
                if fields.len() != names.len() {
                    return Err(format!("has {} fields, but the header has {}", fields.len(), names.len()));
                }
                Ok((VPC_FLOW, object(VPC_FLOW, names.iter().map(String::as_str).zip(fields))))
            }
            Format::S3Access => {
                let fields = quoted_fields(line);
                if fields.len() < S3_ACCESS_LEAST || !is_s3_access(line) {
                    return Err(format!("is no request of a bucket: it has {} fields", fields.len()));
                }
                Ok((S3_SERVER_ACCESS, object(S3_SERVER_ACCESS, S3_ACCESS.into_iter().zip(fields))))
            }
            Format::CloudWatch(_) => Err("has no time".to_owned()),
        }
    }
}

/// The fields as an object that says which table it is a row of.
fn object<'a>(log: Log, fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = format!("{{\"Type\":\"{}\"", log.table().name);
    for (name, value) in fields {
        out.push(',');
        json::write_string(&mut out, name);
        out.push(':');
        json::write_string(&mut out, value);
    }
    out.push('}');
    out
}

/// Whether a line is a request of a bucket: its owner, its name, and a time in brackets.
fn is_s3_access(line: &str) -> bool {
    let mut fields = line.splitn(4, ' ');
    let (Some(owner), Some(bucket), Some(time)) = (fields.next(), fields.next(), fields.next()) else {
        return false;
    };
    owner.len() == 64
        && owner.bytes().all(|b| b.is_ascii_hexdigit())
        && !bucket.is_empty()
        && matches!(time.as_bytes(), [b'[', b'0'..=b'9', b'0'..=b'9', b'/', _, _, _, b'/', ..])
}

/// The fields of a line that stand between spaces, in quotes or in brackets, without these.
fn quoted_fields(line: &str) -> Vec<&str> {
    let (mut fields, mut rest) = (Vec::new(), line);
    while !rest.is_empty() {
        let close = match rest.as_bytes() {
            [b'"', ..] => Some("\" "),
            [b'[', ..] => Some("] "),
            _ => None,
        };
        let (field, behind) = match close {
            Some(close) => {
                let inside = rest.get(1..).unwrap_or_default();
                // What a client sends may hold quotes; only one before a space, or the last of the line, ends it.
                let last = close.trim_end();
                inside.split_once(close).unwrap_or((inside.strip_suffix(last).unwrap_or(inside), ""))
            }
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        fields.push(field);
        rest = behind;
    }
    fields
}

/// A line's time as CloudWatch Logs exports it, `2026-03-01T10:00:00.000Z `, and what stands behind it.
fn timed(line: &str) -> Option<(&str, &str)> {
    const LENGTH: usize = "2026-03-01T10:00:00.000Z".len();
    let (time, behind) = line.split_at_checked(LENGTH)?;
    let fits = time.ends_with('Z') && time.as_bytes().get(LENGTH - 5) == Some(&b'.');
    let text = if behind.is_empty() { behind } else { behind.strip_prefix(' ')? };
    (fits && datetime::parse(time).is_some()).then_some((time, text))
}

/// How many known names make a header. People choose the fields of a flow log, but nobody without addresses or an interface.
const KNOWN: usize = 3;

/// Whether a line names fields of a flow log. Names that are not known may be of a later version.
fn is_flow_header(line: &str) -> bool {
    // The first letters tell nearly always.
    let is_name = |word: &str| word.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    let starts = |word: &str| word.as_bytes().first().is_some_and(u8::is_ascii_lowercase);
    if !starts(line) || !line.split_ascii_whitespace().all(|word| starts(word) && is_name(word)) {
        return false;
    }
    let names = || line.split_ascii_whitespace();
    let known = names().filter(|name| is_flow_field(name)).count();
    // Transit Gateway's flow logs share names with those of a VPC and have another table.
    known >= KNOWN && known * 2 > names().count() && !names().any(|name| name.starts_with("tgw-"))
}

fn is_flow_field(name: &str) -> bool {
    VPC_FLOW.table().columns.iter().flat_map(|column| column.origin.paths()).any(|path| path == [name])
}

/// Whether a line without a header is one of the default format.
fn is_default_flow(line: &str) -> bool {
    let fields: Vec<&str> = line.split_ascii_whitespace().take(15).collect();
    let [version, account, interface, .., start, end, action, status] = *fields else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    fields.len() == 14
        && version == "2"
        && (account == "unknown" || account.len() == 12 && digits(account))
        && interface.starts_with("eni-")
        && digits(start)
        && digits(end)
        && matches!(action, "ACCEPT" | "REJECT" | "-")
        && matches!(status, "OK" | "NODATA" | "SKIPDATA")
}
