//! Reads the time of an event as CloudTrail writes it.

/// The ticks of `YYYY-MM-DDThh:mm:ssZ`, remembering days.
pub struct TimestampReader {
    days: [Day; DAYS],
}

/// A power of two. Files of one account hold a day or two; a folder of many may mix them.
const DAYS: usize = 64;

#[derive(Clone, Copy)]
struct Day {
    /// `YYYY-MM-D` and `Y-MM-DDT`.
    text: [u64; 2],
    /// Its midnight.
    ticks: i64,
}

impl Default for TimestampReader {
    fn default() -> TimestampReader {
        // The halves overlap, so no text has these.
        let none = Day { text: [0, !0], ticks: 0 };
        TimestampReader { days: [none; DAYS] }
    }
}

impl TimestampReader {
    /// `None` if it is not of that form, or no such time. `midnight` gives the ticks of a day as `YYYY-MM-DD`.
    #[inline(always)]
    pub fn read(&mut self, text: &[u8; 20], midnight: impl Fn(&str) -> Option<i64>) -> Option<i64> {
        let (day, clock) = text.split_first_chunk::<11>()?;
        let [h1, h2, b':', m1, m2, b':', s1, s2, b'Z'] = *<&[u8; 9]>::try_from(clock).ok()? else {
            return None;
        };
        let half =
            |from: usize| day.get(from..).and_then(|d| d.first_chunk()).map_or(0, |d| u64::from_le_bytes(*d));
        let words = [half(0), half(3)];
        let place = (words[1].wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize % DAYS;
        let known = self.days.get_mut(place)?;
        if known.text != words {
            *known = Day { text: words, ticks: first(day, midnight)? };
        }
        let midnight = known.ticks;
        let two = |a: u8, b: u8, below: i64| {
            let n = i64::from(a.wrapping_sub(b'0')) * 10 + i64::from(b.wrapping_sub(b'0'));
            (a.is_ascii_digit() && b.is_ascii_digit() && n < below).then_some(n)
        };
        let seconds = two(h1, h2, 24)? * 3600 + two(m1, m2, 60)? * 60 + two(s1, s2, 60)?;
        Some(midnight + seconds * 10_000_000)
    }
}

/// The ticks of a day's midnight; `None` if these are not `YYYY-MM-DDT`.
fn first(day: &[u8; 11], midnight: impl Fn(&str) -> Option<i64>) -> Option<i64> {
    let formed = day.iter().enumerate().all(|(i, b)| match i {
        4 | 7 => *b == b'-',
        10 => *b == b'T',
        _ => b.is_ascii_digit(),
    });
    let text = std::str::from_utf8(day.get(..10)?).ok()?;
    if formed { midnight(text) } else { None }
}

#[cfg(test)]
mod tests {
    use super::TimestampReader;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// The seconds since midnight, and the day's number in place of its ticks.
    fn read(clock: &mut TimestampReader, text: &[u8; 20]) -> Option<i64> {
        clock.read(text, |day| day.get(8..).and_then(|d| d.parse().ok()).filter(|d| (1..=31).contains(d)))
    }

    #[test]
    fn reads_times_of_many_days() {
        let mut clock = TimestampReader::default();
        for round in 0..3 {
            for day in 1..=31 {
                for month in 1..=12 {
                    let text = format!("2026-{month:02}-{day:02}T01:02:0{round}Z");
                    let text = text.as_bytes().first_chunk().unwrap();
                    assert_eq!(
                        read(&mut clock, text),
                        Some(day + (3720 + round) * 10_000_000),
                        "{month} {day}"
                    );
                }
            }
        }
    }

    #[test]
    fn nothing_else_is_a_time() {
        for text in [
            b"2026-01-00T00:00:00Z",
            b"2026-01-01 00:00:00Z",
            b"2026/01/01T00:00:00Z",
            b"2026-01-01T24:00:00Z",
            b"2026-01-01T00:60:00Z",
            b"2026-01-01T00:00:60Z",
            b"2026-01-01T00:00:0aZ",
            b"2026-01-01T00:00:00+",
            b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0000:00:00Z",
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff00:00:00Z",
        ] {
            assert_eq!(read(&mut TimestampReader::default(), text), None, "{}", text.escape_ascii());
        }
    }
}
