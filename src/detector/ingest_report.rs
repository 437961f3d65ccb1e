//! What a feed has to say of its inputs besides the rows: problems, counts, times.

use super::write_text;
use std::borrow::Cow;

/// How many problems are kept until the host takes them; the rest is counted.
const MAX_PROBLEMS: usize = 1000;

/// Something that could not be read or run.
pub struct Problem {
    /// Bytes in the input; `None` if it has no place in one.
    pub offset: Option<u64>,
    /// What kind.
    pub code: Cow<'static, str>,
    /// For people.
    pub message: String,
}

/// The account of a feed, or of part of its time.
#[derive(Default)]
pub struct IngestReport {
    /// Those that were kept since the host last took them.
    pub problems: Vec<Problem>,
    /// All of them.
    pub problem_count: u64,
    /// Events without a readable time.
    pub untimed: u64,
    /// The time of the first event.
    pub first: Option<i64>,
    /// The time of the last event.
    pub last: Option<i64>,
}

impl IngestReport {
    /// Something could not be read or run.
    pub fn problem(&mut self, offset: Option<u64>, code: impl Into<Cow<'static, str>>, message: String) {
        self.problem_count += 1;
        match self.problems.len() {
            n if n < MAX_PROBLEMS => self.problems.push(Problem { offset, code: code.into(), message }),
            MAX_PROBLEMS => self.problems.push(Problem {
                offset,
                code: "FP303".into(),
                message: "more problems follow; Forepost only counts them".to_owned(),
            }),
            _ => {}
        }
    }

    /// An event went by.
    pub fn passed(&mut self, time: Option<i64>) {
        match time {
            Some(t) => self.observe(t, t),
            None => self.untimed += 1,
        }
    }

    /// Events from `first` to `last` went by, here or elsewhere.
    pub fn observe(&mut self, first: i64, last: i64) {
        self.first = Some(self.first.map_or(first, |f| f.min(first)));
        self.last = Some(self.last.map_or(last, |l| l.max(last)));
    }

    /// Takes another's account over, as if it had happened here.
    pub fn add(&mut self, other: IngestReport) {
        let only_counted = other.problem_count.saturating_sub(other.problems.len() as u64);
        for Problem { offset, code, message } in other.problems {
            self.problem(offset, code, message);
        }
        self.problem_count += only_counted;
        self.untimed += other.untimed;
        if let Some((first, last)) = other.first.zip(other.last) {
            self.observe(first, last);
        }
    }

    /// Problems since the last call, one JSON object a line.
    pub fn take_problems(&mut self) -> String {
        let mut out = String::new();
        for Problem { offset, code, message } in self.problems.drain(..) {
            out.push('{');
            match offset {
                Some(offset) => out.push_str(&format!("\"offset\":{offset},")),
                None => out.push_str("\"offset\":null,"),
            }
            write_text(&mut out, "code", &code);
            out.push(',');
            write_text(&mut out, "message", &message);
            out.push_str("}\n");
        }
        out
    }
}
