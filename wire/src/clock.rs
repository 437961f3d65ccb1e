//! Reads the time of an event as CloudTrail writes it.

/// The ticks of `YYYY-MM-DDThh:mm:ssZ`, remembering the last day.
#[derive(Default)]
pub struct Clock {
    /// `YYYY-MM-D` and `Y-MM-DDT`.
    day: [u64; 2],
    ticks: i64,
}

impl Clock {
    /// `None` if it is not of that form, or no such time. `midnight` gives the ticks of a day as `YYYY-MM-DD`.
    #[inline]
    pub fn read(&mut self, text: &[u8; 20], midnight: impl Fn(&str) -> Option<i64>) -> Option<i64> {
        let (day, clock) = text.split_first_chunk::<11>()?;
        let [h1, h2, b':', m1, m2, b':', s1, s2, b'Z'] = *<&[u8; 9]>::try_from(clock).ok()? else {
            return None;
        };
        let half =
            |from: usize| day.get(from..).and_then(|d| d.first_chunk()).map_or(0, |d| u64::from_le_bytes(*d));
        let words = [half(0), half(3)];
        if words != self.day {
            if day.iter().enumerate().any(|(i, b)| match i {
                4 | 7 => *b != b'-',
                10 => *b != b'T',
                _ => !b.is_ascii_digit(),
            }) {
                return None;
            }
            self.ticks = midnight(std::str::from_utf8(day.get(..10)?).ok()?)?;
            self.day = words;
        }
        let two = |a: u8, b: u8, below: i64| {
            let n = i64::from(a.wrapping_sub(b'0')) * 10 + i64::from(b.wrapping_sub(b'0'));
            (a.is_ascii_digit() && b.is_ascii_digit() && n < below).then_some(n)
        };
        let seconds = two(h1, h2, 24)? * 3600 + two(m1, m2, 60)? * 60 + two(s1, s2, 60)?;
        Some(self.ticks + seconds * 10_000_000)
    }
}
