//! The tables of AWS's other logs that Sentinel's connectors fill: how a record is known to be a row of one, and where its columns
//! come from. Each table is data in a file of its own.
//!
//! A record is JSON, as for `AWSCloudTrail`: the service's own object, or an object of a line's fields that
//! [`crate::source`] has made. It can also be a row that has the table's columns already, as Log Analytics exports them.

use super::aws_cloudtrail::Certainty;
use super::log_row;
use super::{
    aws_cloudwatch, aws_guardduty, aws_network_firewall, aws_route53_resolver, aws_s3_server_access,
    aws_security_hub, aws_vpc_flow, aws_waf,
};
use kql::value::Type;

/// The way to a value: keys from the record on. A list on the way stands for its first item.
pub type Path = &'static [&'static str];

/// Where a column comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A value of the record, converted to the column's type.
    Field(Path),
    /// The first of these that the record has.
    FirstOf(&'static [Path]),
    /// The first of these times in seconds since 1970 that the record has.
    Seconds(&'static [Path]),
    /// A time in milliseconds since 1970.
    Milliseconds(Path),
    /// A time as access logs write it: `06/Feb/2019:00:00:38 +0000`.
    AccessTime(Path),
    /// The record itself, as the only item of a list under this key.
    Whole(&'static str),
    /// No record has it: a missing value, unless a row brings it along.
    Absent,
    /// The table's name.
    TableName,
}

impl Origin {
    /// The ways to the value in a record; the first that it has counts.
    pub fn paths(&self) -> Vec<Path> {
        match self {
            Origin::Field(path) | Origin::Milliseconds(path) | Origin::AccessTime(path) => vec![path],
            Origin::FirstOf(paths) | Origin::Seconds(paths) => paths.to_vec(),
            Origin::Absent | Origin::TableName | Origin::Whole(_) => Vec::new(),
        }
    }
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct LogColumn {
    /// Its name in a query.
    pub name: &'static str,
    /// The type of its values.
    pub ty: Type,
    /// Where it comes from.
    pub origin: Origin,
    /// How sure it is that Sentinel's connector fills it this way.
    pub certainty: Certainty,
}

/// A column, for the tables.
pub(super) const fn column(name: &'static str, ty: Type, origin: Origin, certainty: Certainty) -> LogColumn {
    LogColumn { name, ty, origin, certainty }
}

/// What every table ends with. Outside Azure they are empty, but for the table's name.
macro_rules! with_standard_columns {
    ($($column:expr),* $(,)?) => {
        &[
            $($column,)*
            $crate::table::logs::column("SourceSystem", ::kql::value::Type::String, $crate::table::logs::Origin::Absent, $crate::table::aws_cloudtrail::Certainty::Low),
            $crate::table::logs::column("TenantId", ::kql::value::Type::String, $crate::table::logs::Origin::Absent, $crate::table::aws_cloudtrail::Certainty::High),
            $crate::table::logs::column("Type", ::kql::value::Type::String, $crate::table::logs::Origin::TableName, $crate::table::aws_cloudtrail::Certainty::High),
        ]
    };
}
pub(super) use with_standard_columns;

/// What must be so of an object besides its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    /// Nothing.
    Keys,
    /// This text is at this path.
    Text(Path, &'static str),
    /// There is something at one of these paths.
    Any(&'static [Path]),
}

/// A table.
#[derive(Debug)]
pub struct LogTable {
    /// Its name in a query.
    pub name: &'static str,
    /// What its rows are, one line.
    pub doc: &'static str,
    /// Where the columns and the mapping are from.
    pub source: &'static str,
    /// Its columns. One is `TimeGenerated`.
    pub columns: &'static [LogColumn],
    /// The keys by which the service's own object is known: all of them must be there. None, if the service writes lines.
    pub keys: &'static [&'static str],
    /// What else must be so of such an object.
    pub only: Only,
    /// The columns that tell most of a row in few words: what happened, who did it, from which address, in which region, what went
    /// wrong. Empty where the table has none.
    pub in_short: [&'static str; 5],
}

/// Which table a record is a row of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Log(u8);

/// All tables; the order is that of the counters.
pub static TABLES: [&LogTable; 10] = [
    &aws_cloudwatch::TABLE,
    &aws_guardduty::TABLE,
    &aws_network_firewall::ALERT,
    &aws_network_firewall::FLOW,
    &aws_network_firewall::TLS,
    &aws_route53_resolver::TABLE,
    &aws_s3_server_access::TABLE,
    &aws_security_hub::TABLE,
    &aws_vpc_flow::TABLE,
    &aws_waf::TABLE,
];

/// Logs that the source makes records of, beyond telling them.
pub const CLOUDWATCH: Log = Log(0);
/// As above.
pub const GUARDDUTY: Log = Log(1);
/// As above.
pub const S3_SERVER_ACCESS: Log = Log(6);
/// As above.
pub const SECURITY_HUB: Log = Log(7);
/// As above.
pub const VPC_FLOW: Log = Log(8);

impl Log {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Log> {
        (0..TABLES.len()).map(|n| Log(n as u8))
    }

    /// The table of a name.
    pub fn named(name: &str) -> Option<Log> {
        Log::all().find(|log| log.table().name == name)
    }

    /// Its table.
    pub fn table(self) -> &'static LogTable {
        TABLES.get(self.index()).copied().unwrap_or(TABLES[0])
    }

    /// Its place among [`TABLES`].
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// Tells by the keys of an object which table it is a row of.
#[derive(Debug)]
pub struct Recogniser<'a> {
    /// A bit for each key that a table asks for.
    seen: [u8; TABLES.len()],
    row: Option<Log>,
    raw: &'a [u8],
}

impl<'a> Recogniser<'a> {
    /// For the keys of this object.
    pub fn new(raw: &'a [u8]) -> Recogniser<'a> {
        Recogniser { seen: Default::default(), row: None, raw }
    }

    /// Notes a key, unescaped, and its raw value.
    pub fn key(&mut self, key: &[u8], value: &[u8]) {
        if key == b"Type" && value.len() <= MAX_NAME + 2 {
            self.row = Log::all().find(|log| quotes(value, log.table().name)).or(self.row);
        }
        for (seen, table) in self.seen.iter_mut().zip(TABLES) {
            if let Some(n) = table.keys.iter().position(|wanted| wanted.as_bytes() == key) {
                *seen |= 1 << n;
            }
        }
    }

    /// The table, if the object had all keys of one.
    pub fn found(&self) -> Option<Log> {
        self.row.or_else(|| {
            let whole = |log: &Log| {
                let (seen, table) = (self.seen.get(log.index()).copied(), log.table());
                !table.keys.is_empty()
                    && seen.is_some_and(|seen| u32::from(seen) + 1 == 1 << table.keys.len())
                    && match table.only {
                        Only::Keys => true,
                        Only::Text(path, text) => {
                            log_row::at(self.raw, path).is_some_and(|found| quotes(found, text))
                        }
                        Only::Any(paths) => paths.iter().any(|path| log_row::at(self.raw, path).is_some()),
                    }
            };
            Log::all().find(whole)
        })
    }
}

/// No table has a longer name.
const MAX_NAME: usize = 32;

fn quotes(value: &[u8], name: &str) -> bool {
    value.strip_prefix(b"\"").and_then(|v| v.strip_suffix(b"\"")) == Some(name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_well_formed() {
        for log in Log::all() {
            let table = log.table();
            assert_eq!(Log::named(table.name), Some(log));
            assert!(table.name.len() <= MAX_NAME && table.keys.len() < 8, "{}", table.name);
            let has = |name: &str| table.columns.iter().filter(|c| c.name == name).count();
            assert!(table.columns.iter().all(|c| has(c.name) == 1), "{}", table.name);
            let time = table.columns.iter().find(|c| c.name == "TimeGenerated").expect("every table has it");
            assert_eq!(time.ty, Type::DateTime);
            assert!(table.in_short.iter().all(|name| name.is_empty() || has(name) == 1), "{}", table.name);
        }
        let named =
            [CLOUDWATCH, GUARDDUTY, S3_SERVER_ACCESS, SECURITY_HUB, VPC_FLOW].map(|log| log.table().name);
        assert_eq!(
            named,
            ["AWSCloudWatch", "AWSGuardDuty", "AWSS3ServerAccess", "AWSSecurityHubFindings", "AWSVPCFlow"]
        );
    }

    #[test]
    fn an_object_is_known_by_all_its_keys() {
        let known = |keys: &[(&str, &str)]| {
            let mut recogniser = Recogniser::new(b"{}");
            keys.iter().for_each(|(key, value)| recogniser.key(key.as_bytes(), value.as_bytes()));
            recogniser.found().map(|log| log.table().name)
        };
        for table in TABLES.iter().filter(|table| !table.keys.is_empty() && table.only == Only::Keys) {
            let mut keys: Vec<(&str, &str)> = table.keys.iter().map(|key| (*key, "1")).collect();
            assert_eq!(known(&keys), Some(table.name));
            keys.pop();
            assert_eq!(known(&keys), None, "{} without one", table.name);
        }
        assert_eq!(known(&[("Type", "\"AWSVPCFlow\"")]), Some("AWSVPCFlow"));
        assert_eq!(known(&[("Type", "\"AWSCloudTrail\"")]), None);
        assert_eq!(known(&[("Type", "AWSVPCFlow")]), None);
        assert_eq!(known(&[]), None);
    }
}
