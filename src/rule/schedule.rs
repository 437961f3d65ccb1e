//! When a rule runs and over what: Sentinel's schedule replayed over the time of the events.
//!
//! All times are ticks of 100 ns since 0001-01-01T00:00:00Z, as in [`kql::value::datetime`]. A rule with frequency `f`
//! and period `p` has a *tick* at every multiple of `f` since 0001-01-01 UTC: a daily rule at midnight, an hourly rule on
//! the hour, a weekly rule on Mondays. (Sentinel counts from the moment the rule was enabled, which a replay does not have;
//! any fixed origin makes replays agree.) The window of a tick `t` is `[t − p, t)`, `now()` is `t`, and the run is published
//! at `t` plus the delay: 5 minutes (scheduled-rules-overview, "Ingestion delay"), for near-real-time rules 2.
//!
//! Nothing here overflows or loops over empty time: times are clamped to Kusto's range, and the ticks that see no event
//! are stepped over by [`Schedule::next_holding`]. Ticks themselves may lie up to 14 days past year 9999, so that the last
//! events have a window too.

use kql::value::datetime;
use kql::value::timespan::{HOUR, MINUTE};
use std::ops::Range;

/// How long after its tick a scheduled rule runs, so that late events are in.
pub const SCHEDULED_DELAY: i64 = 5 * MINUTE;
/// How long after its tick a near-real-time rule runs.
pub const NRT_DELAY: i64 = 2 * MINUTE;
/// The longest queryPeriod and queryFrequency, 14 days.
pub const LONGEST: i64 = 14 * 24 * HOUR;

/// A rule's rhythm, in ticks of 100 ns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    frequency: i64,
    period: i64,
    delay: i64,
}

impl Schedule {
    /// The schedule of a scheduled rule. `None` unless 0 < frequency ≤ period ≤ 14 days.
    pub fn scheduled(frequency: i64, period: i64) -> Option<Schedule> {
        let fits = 0 < frequency && frequency <= period && period <= LONGEST;
        fits.then_some(Schedule { frequency, period, delay: SCHEDULED_DELAY })
    }

    /// The schedule of every near-real-time rule: each minute over the minute before. (Sentinel goes by the time of
    /// ingestion here; a replay only has the time of the event.)
    pub fn near_real_time() -> Schedule {
        Schedule { frequency: MINUTE, period: MINUTE, delay: NRT_DELAY }
    }

    /// `queryFrequency`.
    pub fn frequency(&self) -> i64 {
        self.frequency
    }

    /// `queryPeriod`.
    pub fn period(&self) -> i64 {
        self.period
    }

    /// From a tick to its run.
    pub fn delay(&self) -> i64 {
        self.delay
    }

    /// What a tick sees: from the first time on, up to and without the last.
    pub fn window(&self, tick: i64) -> Range<i64> {
        tick.saturating_sub(self.period).max(0)..tick.max(0)
    }

    /// When the tick's run is published.
    pub fn run_time(&self, tick: i64) -> i64 {
        tick.saturating_add(self.delay)
    }

    /// The first tick after a time, whose window is the first to hold it.
    pub fn first_holding(&self, time: i64) -> i64 {
        let time = time.clamp(0, datetime::MAX);
        time - time % self.frequency + self.frequency
    }

    /// The last tick whose window holds a time.
    pub fn last_holding(&self, time: i64) -> i64 {
        let end = time.clamp(0, datetime::MAX) + self.period;
        end - end % self.frequency
    }

    /// All ticks whose windows hold any of the times from `first` to `last`, in order. Their number is known at once
    /// (`len`): ask before walking years at five minutes a step.
    pub fn ticks(&self, first: i64, last: i64) -> Ticks {
        if last < first {
            return Ticks { next: 0, left: 0, step: self.frequency };
        }
        let (from, to) = (self.first_holding(first), self.last_holding(last));
        let left = u64::try_from((to - from) / self.frequency + 1).unwrap_or(0);
        Ticks { next: from, left, step: self.frequency }
    }

    /// The first tick after `after` (or at all) whose window holds at least one of some times; `first_from` gives the first of
    /// them from a time on.
    pub fn next_holding(&self, after: Option<i64>, first_from: &dyn Fn(i64) -> Option<i64>) -> Option<i64> {
        let tick = match after {
            Some(after) => {
                let after = after.clamp(0, datetime::MAX + 2 * LONGEST);
                after - after % self.frequency + self.frequency
            }
            None => self.first_holding(first_from(i64::MIN)?),
        };
        let time = first_from(self.window(tick).start)?;
        Some(self.first_holding(time).max(tick))
    }

    /// The newest tick that has run when the clock, or the newest event, says `now`; `None` before the first.
    pub fn concluded_by(&self, now: i64) -> Option<i64> {
        let latest = now.min(datetime::MAX).saturating_sub(self.delay);
        (latest >= self.frequency).then(|| latest - latest % self.frequency)
    }

    /// The first tick that runs again after the run at `tick` alerted, when an alert silences the rule for
    /// `suppression`. Runs within that time after the run do not happen at all, and nothing catches up on their events
    /// unless a later window still holds them (scheduled-rules-overview, "Suppression").
    pub fn resumes(&self, tick: i64, suppression: i64) -> i64 {
        let end = tick.saturating_add(suppression.max(0)).min(datetime::MAX);
        let behind = end % self.frequency;
        let aligned = if behind == 0 { end } else { end - behind + self.frequency };
        aligned.max(tick.saturating_add(self.frequency))
    }
}

/// See [`Schedule::ticks`].
#[derive(Clone, Debug)]
pub struct Ticks {
    next: i64,
    left: u64,
    step: i64,
}

impl Ticks {
    /// How many are left.
    pub fn len(&self) -> u64 {
        self.left
    }

    /// Whether none is left.
    pub fn is_empty(&self) -> bool {
        self.left == 0
    }
}

impl Iterator for Ticks {
    type Item = i64;

    fn next(&mut self) -> Option<i64> {
        self.left = self.left.checked_sub(1)?;
        let tick = self.next;
        self.next = tick.saturating_add(self.step);
        Some(tick)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kql::value::timespan::{DAY, SECOND};

    fn at(text: &str) -> i64 {
        datetime::parse(text).expect(text)
    }

    fn schedule(frequency: i64, period: i64) -> Schedule {
        Schedule::scheduled(frequency, period).unwrap()
    }

    fn next_holding(s: Schedule, after: Option<i64>, times: &[i64]) -> Option<i64> {
        s.next_holding(after, &|from| times.get(times.partition_point(|t| *t < from)).copied())
    }

    fn texts(ticks: impl Iterator<Item = i64>) -> Vec<String> {
        ticks.map(datetime::format_seconds).collect()
    }

    #[test]
    fn a_day_ends_at_midnight() {
        let daily = schedule(DAY, DAY);
        let midnight = at("2026-03-12T00:00:00Z");
        assert_eq!(daily.first_holding(midnight - 1), midnight);
        assert_eq!(daily.first_holding(midnight), midnight + DAY);
        assert_eq!(daily.last_holding(midnight - 1), midnight);
        assert_eq!(daily.window(midnight), midnight - DAY..midnight);
        assert_eq!(daily.run_time(midnight), at("2026-03-12T00:05:00Z"));
        // A year's end, a leap day, and the night Europe's clocks change, which is no event in UTC.
        for (time, tick) in [
            ("2025-12-31T23:59:59.9999999Z", "2026-01-01 00:00:00Z"),
            ("2024-02-28T12:00:00Z", "2024-02-29 00:00:00Z"),
            ("2024-02-29T00:00:00Z", "2024-03-01 00:00:00Z"),
            ("2026-03-29T01:30:00Z", "2026-03-30 00:00:00Z"),
        ] {
            assert_eq!(datetime::format_seconds(daily.first_holding(at(time))), tick);
            assert_eq!(daily.ticks(at(time), at(time)).len(), 1);
        }
    }

    #[test]
    fn windows_overlap() {
        let hourly = schedule(HOUR, 3 * HOUR);
        let t = at("2026-03-11T07:10:05Z");
        let ticks = texts(hourly.ticks(t, t));
        assert_eq!(ticks, ["2026-03-11 08:00:00Z", "2026-03-11 09:00:00Z", "2026-03-11 10:00:00Z"]);
        // A time on a tick is in the window that begins there, not in the one that ends there.
        let t = at("2026-03-11T07:00:00Z");
        assert_eq!(hourly.first_holding(t), t + HOUR);
        assert_eq!(hourly.last_holding(t), t + 3 * HOUR);
        // Every tick that is said to hold a time does, and its neighbours do not.
        for (f, p) in
            [(DAY, DAY), (HOUR, 5 * HOUR), (7 * MINUTE, 16 * MINUTE), (DAY, 14 * DAY), (MINUTE, MINUTE)]
        {
            let s = schedule(f, p);
            for t in [t, t + 1, t - 1, t + 17 * SECOND, 0, 1] {
                let ticks: Vec<i64> = s.ticks(t, t).collect();
                assert!(ticks.iter().all(|tick| s.window(*tick).contains(&t)));
                assert!(!s.window(ticks[0] - f).contains(&t));
                assert!(!s.window(ticks[ticks.len() - 1] + f).contains(&t));
            }
        }
    }

    #[test]
    fn empty_time_costs_nothing() {
        let s = schedule(5 * MINUTE, 10 * MINUTE);
        assert_eq!(s.ticks(0, datetime::MAX).len(), 3_652_059 * 288 + 1, "never walked");
        let times = [0, at("2026-03-11T07:10:05Z"), at("2026-03-11T07:11:00Z"), datetime::MAX];
        let mut ticks = Vec::new();
        let mut after = None;
        while let Some(tick) = next_holding(s, after, &times) {
            ticks.push(tick);
            after = Some(tick);
        }
        assert_eq!(
            texts(ticks.iter().copied()),
            [
                "0001-01-01 00:05:00Z",
                "0001-01-01 00:10:00Z",
                "2026-03-11 07:15:00Z",
                "2026-03-11 07:20:00Z",
                "9999-12-31 23:59:59Z",
                "9999-12-31 23:59:59Z"
            ]
        );
        assert!(ticks.iter().all(|t| times.iter().any(|time| s.window(*t).contains(time))));
        assert_eq!(next_holding(s, None, &[]), None);
        assert_eq!(next_holding(s, Some(i64::MAX), &times), None);
    }

    #[test]
    fn stepping_over_agrees_with_walking() {
        let cases = (1..=20_i64, 0..40_i64, proptest::collection::vec(0..400_i64, 0..6));
        crate::property::check(2000, cases, |(frequency, longer, mut times)| {
            let s = schedule(frequency, frequency + longer);
            times.sort();
            let walked: Vec<i64> = (1..=500)
                .filter(|t| t % frequency == 0 && times.iter().any(|time| s.window(*t).contains(time)))
                .collect();
            let stepped: Vec<i64> =
                std::iter::successors(next_holding(s, None, &times), |t| next_holding(s, Some(*t), &times))
                    .collect();
            assert_eq!(stepped, walked, "{s:?} {times:?}");
            let all: Vec<i64> = times.iter().flat_map(|t| s.ticks(*t, *t)).collect();
            assert!(walked.iter().all(|t| all.contains(t)) && all.iter().all(|t| walked.contains(t)));
        });
    }

    #[test]
    fn extremes_do_not_overflow() {
        for s in
            [schedule(1, 1), schedule(LONGEST, LONGEST), schedule(1, LONGEST), Schedule::near_real_time()]
        {
            for t in [i64::MIN, -1, 0, 1, datetime::MAX, i64::MAX] {
                let _ =
                    (s.window(t), s.run_time(t), s.first_holding(t), s.last_holding(t), s.concluded_by(t));
                let _ = (s.resumes(t, i64::MAX), s.resumes(t, i64::MIN), next_holding(s, Some(t), &[t]));
                let _ = (s.ticks(i64::MIN, t).len(), s.ticks(t, i64::MIN).next());
            }
        }
        for (f, p) in [(0, DAY), (DAY, HOUR), (HOUR, LONGEST + 1), (-1, DAY)] {
            assert_eq!(Schedule::scheduled(f, p), None);
        }
    }

    #[test]
    fn conclusion_waits_for_the_delay() {
        let daily = schedule(DAY, DAY);
        let midnight = at("2026-03-12T00:00:00Z");
        assert_eq!(daily.concluded_by(midnight + 5 * MINUTE - 1), Some(midnight - DAY));
        assert_eq!(daily.concluded_by(midnight + 5 * MINUTE), Some(midnight));
        assert_eq!(daily.concluded_by(0), None);
        assert_eq!(Schedule::near_real_time().concluded_by(midnight + 2 * MINUTE), Some(midnight));
    }

    #[test]
    fn suppression_skips_runs() {
        let hourly = schedule(HOUR, HOUR);
        let tick = at("2026-03-12T00:00:00Z");
        for (suppression, resumes) in
            [(0, 1), (30 * MINUTE, 1), (HOUR, 1), (HOUR + 1, 2), (5 * HOUR, 5), (DAY, 24)]
        {
            assert_eq!(hourly.resumes(tick, suppression), tick + resumes * HOUR);
        }
    }
}
