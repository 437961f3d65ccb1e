//! The two lines that `forepost sieve` writes around the events it keeps, as whoever concludes from them reads them.
//!
//! The first names the version and the rules: events that other rules kept may lack those that these rules need. The last gives the
//! times between which the sieve read: a rule that alerts on empty windows needs them. Without it the events are cut.

use super::ingest_report::IngestReport;
use kql::value::datetime;
use serde::Deserialize;

const OTHER: &str = "sieved_otherwise";
const PARTLY: &str = "sieved_partly";

/// The value of the key [`SIEVE`](cloudtrail::source::envelope::SIEVE).
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    First { version: String, rules: Vec<String> },
    Last { end: End },
}

#[derive(Deserialize)]
struct End {
    first: Option<String>,
    last: Option<String>,
    complete: bool,
}

/// What is known of the sieved events that are being read.
#[derive(Default)]
pub struct Sieved {
    /// Of each rule that concludes, its name and its fingerprint. None of a query.
    pub rules: Vec<(String, String)>,
    /// How many first lines of the current input still want a last one.
    open: u64,
}

impl Sieved {
    /// Nothing was read yet.
    pub fn restart(&mut self) {
        self.open = 0;
    }

    /// Takes such a line.
    pub fn line(&mut self, offset: u64, value: &[u8], report: &mut IngestReport) {
        let mut odd = |code, message: String| report.problem(Some(offset), code, message);
        match serde_json::from_slice(value) {
            Ok(Line::First { version, rules }) => {
                self.open += 1;
                self.compare(&version, &rules, &mut odd);
            }
            Ok(Line::Last { end: End { first, last, complete } }) => {
                if self.open == 0 {
                    let message = "the last line of a sieve stands here without its first one: the events before it may be incomplete";
                    odd(PARTLY, message.to_owned());
                }
                self.open = self.open.saturating_sub(1);
                if !complete {
                    let message = "the sieve could not read all of its logs, and said then what it left out; alerts can be missing";
                    odd(PARTLY, message.to_owned());
                }
                let time = |text: Option<String>| text.and_then(|t| datetime::parse(&t));
                if let Some((first, last)) = time(first).zip(time(last)) {
                    report.observe_elsewhere(first, last);
                }
            }
            Err(_) => odd(OTHER, "this line of a sieve cannot be read".to_owned()),
        }
    }

    fn compare(&self, version: &str, sieved: &[String], odd: &mut dyn FnMut(&'static str, String)) {
        let own = env!("CARGO_PKG_VERSION");
        if self.rules.is_empty() {
            return;
        }
        if version != own {
            odd(
                OTHER,
                format!("Forepost {version} sieved these events, and this is {own}: run both in one version"),
            );
        }
        let lacking: Vec<&str> =
            self.rules.iter().filter(|(_, print)| !sieved.contains(print)).map(|(name, _)| &**name).collect();
        if let [name, more @ ..] = &*lacking {
            let others = match more.len() {
                0 => String::new(),
                n => format!(" and {n} more rules"),
            };
            odd(
                OTHER,
                format!(
                    "these events were sieved without {name}{others}, or with another query of the same name: alerts can be missing"
                ),
            );
        }
    }

    /// Whether a last line is still to come.
    pub fn is_open(&self) -> bool {
        self.open > 0
    }

    /// The input ended.
    pub fn end_input(&mut self, report: &mut IngestReport) {
        if std::mem::take(&mut self.open) > 0 {
            let message = "the last line of the sieve is missing: its output was cut, or it was stopped";
            report.problem(None, PARTLY, message.to_owned());
        }
    }
}
