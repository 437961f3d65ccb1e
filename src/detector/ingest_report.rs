//! What a feed reports of its inputs besides the rows: problems, counts, times.

use cloudtrail::table::logs::{self, Log};
use std::borrow::Cow;

/// How many problems are kept until the host takes them; the rest is counted.
const MAX_PROBLEMS: usize = 1000;

/// How many events without a readable time are shown of an input.
const SHOWN_UNTIMED: u64 = 10;

/// The code of their problems.
const UNTIMED: &str = "bad_time";

/// How many characters of what is no time are shown.
const SHOWN_TIME: usize = 60;

/// Something that could not be read or run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Bytes from the start of the input; `None` if it does not belong to an input.
    pub offset: Option<u64>,
    /// What kind.
    pub code: Cow<'static, str>,
    /// For people.
    pub message: String,
    /// The rule that could not run as it should, if it is about one.
    pub rule: Option<FailedRule>,
}

/// A rule some of whose runs failed: their alerts are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedRule {
    /// The rule's name.
    pub name: String,
    /// How many runs failed; the problem's message is the first one's.
    pub runs: u64,
}

/// What a feed reports of all its inputs, or of those since an export.
#[derive(Default)]
pub struct IngestReport {
    /// Those that were kept since the host last took them.
    pub problems: Vec<Problem>,
    /// All of them.
    pub problem_count: u64,
    /// Events without a readable time.
    pub untimed: u64,
    /// Those of the current input.
    untimed_here: u64,
    /// Whether the current input is a part of one that others read too.
    parted: bool,
    /// The events without a readable time of such parts.
    pub untimed_of_parts: u64,
    /// Events outside the span that is looked at.
    pub outside: u64,
    /// The times of the first and the last event.
    pub events: Option<(i64, i64)>,
    /// The same of each other log, in the order of [`logs::TABLES`].
    pub logs: [Option<(i64, i64)>; logs::TABLES.len()],
    /// The times between which others have read, whatever log, whose candidates are read here.
    pub elsewhere: Option<(i64, i64)>,
    /// The latest time that the host's clock makes likely, if the host gave one.
    pub horizon: Option<i64>,
    /// Events, or runs of events read at once, that are later than that.
    pub ahead: u64,
    /// The time of the newest event that is not.
    pub newest_not_ahead: Option<i64>,
}

impl IngestReport {
    /// Something could not be read or run.
    pub fn problem(&mut self, offset: Option<u64>, code: impl Into<Cow<'static, str>>, message: String) {
        self.problem_count += 1;
        match self.problems.len() {
            n if n < MAX_PROBLEMS => {
                self.problems.push(Problem { offset, code: code.into(), message, rule: None })
            }
            MAX_PROBLEMS => self.problems.push(Problem {
                offset,
                code: "FP303".into(),
                message: "more problems follow; Forepost only counts them".to_owned(),
                rule: None,
            }),
            _ => {}
        }
    }

    /// A run of a rule failed. A rule is one problem, however many of its runs fail.
    pub fn failed_run(&mut self, code: &'static str, rule: &str, message: String) {
        self.problem_count += 1;
        let told = self.problems.iter_mut().filter_map(|p| p.rule.as_mut()).find(|r| r.name == rule);
        if let Some(failed) = told {
            failed.runs += 1;
            return;
        }
        let failed = FailedRule { name: rule.to_owned(), runs: 1 };
        self.problems.push(Problem { offset: None, code: code.into(), message, rule: Some(failed) });
    }

    /// A record, an event or one of another log, went by that has no readable time, but perhaps this, as JSON, in its place. Of an
    /// input that has many, the first are shown.
    pub fn untimed(&mut self, offset: u64, log: Option<Log>, raw: Option<&[u8]>) {
        self.untimed += 1;
        self.untimed_here += 1;
        self.untimed_of_parts += u64::from(self.parted);
        if self.untimed_here > SHOWN_UNTIMED {
            return;
        }
        let what = match raw {
            None | Some(b"null") => match log {
                Some(log) => format!("the record of {} has no time", log.table().name),
                None => "the event has no eventTime".to_owned(),
            },
            Some(raw) => {
                let text = String::from_utf8_lossy(raw);
                let shown: String = text.chars().take(SHOWN_TIME).collect();
                let more = if shown.len() < text.len() { "…" } else { "" };
                format!("the event's time cannot be read: {shown}{more}")
            }
        };
        self.problem(Some(offset), UNTIMED, format!("{what}; rules with a schedule skip it"));
    }

    /// The input ended.
    pub fn end_input(&mut self) {
        let more = std::mem::take(&mut self.untimed_here).saturating_sub(SHOWN_UNTIMED);
        if more > 0 {
            let events =
                if more == 1 { "1 more event has".to_owned() } else { format!("{more} more events have") };
            let message = format!("{events} no readable time; rules with a schedule skip them");
            self.problem(None, UNTIMED, message);
        }
    }

    /// The current input is a part of one.
    pub fn begin_part(&mut self) {
        self.parted = true;
    }

    /// The part ended.
    pub fn end_part(&mut self) {
        self.parted = false;
        self.untimed_here = 0;
    }

    /// Events from `first` to `last` went by, here or elsewhere.
    pub fn observe(&mut self, first: i64, last: i64) {
        self.look_ahead(first, last);
        self.events = joined(self.events, Some((first, last)));
    }

    /// Others have read records, of whichever log, from `first` to `last`; what mattered of them is read here.
    pub fn observe_elsewhere(&mut self, first: i64, last: i64) {
        self.elsewhere = joined(self.elsewhere, Some((first, last)));
        self.observe(first, last);
    }

    /// Records of another log from `first` to `last` went by.
    pub fn observe_log(&mut self, log: Log, first: i64, last: i64) {
        self.look_ahead(first, last);
        if let Some(times) = self.logs.get_mut(log.index()) {
            *times = joined(*times, Some((first, last)));
        }
    }

    /// The times of the first and the last record of all logs.
    pub fn all(&self) -> Option<(i64, i64)> {
        self.logs.iter().copied().fold(self.events, joined)
    }

    fn look_ahead(&mut self, first: i64, last: i64) {
        let horizon = self.horizon.unwrap_or(i64::MAX);
        self.ahead += u64::from(last > horizon);
        if let Some(newest) = [last, first].into_iter().find(|t| *t <= horizon) {
            self.newest_not_ahead = Some(self.newest_not_ahead.map_or(newest, |n| n.max(newest)));
        }
    }

    /// What was reported since the last call. The clock stays as it is.
    pub fn take(&mut self) -> IngestReport {
        let (horizon, untimed_here, parted) = (self.horizon, self.untimed_here, self.parted);
        let fresh = IngestReport { horizon, untimed_here, parted, ..IngestReport::default() };
        std::mem::replace(self, fresh)
    }

    /// Adds another report, as if its inputs had been read here.
    pub fn add(&mut self, other: IngestReport) {
        let only_counted = other.problem_count.saturating_sub(other.problems.len() as u64);
        // As many are shown as of an input in one piece.
        let mut room = SHOWN_UNTIMED.saturating_sub(self.untimed_here);
        for Problem { offset, code, message, .. } in other.problems {
            if other.untimed_of_parts > 0 && code == UNTIMED {
                match room.checked_sub(1) {
                    Some(less) => room = less,
                    None => continue,
                }
            }
            self.problem(offset, code, message);
        }
        self.untimed_here += other.untimed_of_parts;
        self.problem_count += only_counted;
        self.untimed += other.untimed;
        self.outside += other.outside;
        if let Some((first, last)) = other.events {
            self.observe(first, last);
        }
        for (log, times) in Log::all().zip(other.logs) {
            if let Some((first, last)) = times {
                self.observe_log(log, first, last);
            }
        }
    }

    /// Problems since the last call.
    pub fn take_problems(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.problems)
    }
}

/// Two spans of time as one.
pub fn joined(a: Option<(i64, i64)>, b: Option<(i64, i64)>) -> Option<(i64, i64)> {
    match (a, b) {
        (Some((first, last)), Some((f, l))) => Some((first.min(f), last.max(l))),
        (a, b) => a.or(b),
    }
}

/// What has been read so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IngestStats {
    /// Bytes as they came.
    pub bytes: u64,
    /// Bytes after decompression.
    pub inflated_bytes: u64,
    /// Events, and the records of other logs.
    pub events: u64,
    /// Events that passed the row stages of some rule.
    pub candidates: u64,
    /// Problems, also those that were only counted.
    pub problems: u64,
    /// Candidates whose windows had all been concluded.
    pub late: u64,
    /// Rows that did not fit into memory.
    pub dropped: u64,
    /// Events without a readable time.
    pub untimed: u64,
    /// Events outside the span that is looked at: no rule sees them.
    pub outside: u64,
    /// CloudTrail's digest files, which hold no events.
    pub digests: u64,
    /// Events of a stream, or runs of events read at once, that are ahead of the host's clock: see [`MAX_AHEAD`](super::MAX_AHEAD).
    pub ahead: u64,
    /// How many events came in each kind of envelope that occurred.
    pub envelopes: Vec<(&'static str, u64)>,
    /// How many of them are records of other logs than CloudTrail, by the tables that have any.
    pub tables: Vec<(&'static str, u64)>,
    /// The time of the first event, in ticks.
    pub first_event: Option<i64>,
    /// The time of the last event, in ticks.
    pub last_event: Option<i64>,
}
