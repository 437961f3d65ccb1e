//! `*`, `+`, `?` and counts.

use super::group::{NOTHING, Part};
use super::{Parser, SWAP_GREED};

impl Parser<'_> {
    /// `?`, `*`, `+`, `{2,3}`, lazy or not, behind the steps from there on.
    pub(super) fn repetition(&mut self, from: usize, part: Part) -> Option<Part> {
        let (mut min, mut max) = match self.peek() {
            Some('?') => (0, Some(1)),
            Some('*') => (0, None),
            Some('+') => (1, None),
            _ => self.counts()?,
        };
        // Behind a count, space may come before the question mark.
        if self.peek() == Some('}') {
            self.bump_and_skip()
        } else {
            self.bump()
        }
        let lazy = self.bump_if("?");
        if part.empty {
            // Nothing more comes of doing it again.
            min = min.min(1);
            max = Some(max.unwrap_or(1).min(1));
        }
        let greedy = lazy == (self.flags & SWAP_GREED != 0);
        self.program.repeat(from, (min, max), greedy, part.takes && !part.never)?;
        let part = if max == Some(0) { Part { depth: part.depth, ..NOTHING } } else { part };
        Some(Part { depth: self.deeper(part.depth)?, takes: part.takes && min > 0, ..part })
    }

    /// The counts in braces, up to the closing one.
    fn counts(&mut self) -> Option<(u32, Option<u32>)> {
        let from = self.at;
        self.bump_and_skip();
        let min = self.number(from)?;
        let mut max = Some(min);
        if self.peek() == Some(',') {
            self.bump_and_skip();
            max = if self.peek() == Some('}') { None } else { Some(self.number(from)?) };
        }
        if self.peek() != Some('}') {
            return self.fail(from, "a repetition's count is not closed");
        }
        match max {
            Some(max) if max < min => self.fail(from, "a repetition's counts are the wrong way round"),
            _ => Some((min, max)),
        }
    }

    fn number(&mut self, from: usize) -> Option<u32> {
        while self.peek().is_some_and(char::is_whitespace) {
            self.bump();
        }
        let mut number: Option<u32> = None;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            self.bump_and_skip();
            let more = number.unwrap_or(0).checked_mul(10).and_then(|n| n.checked_add(digit));
            let Some(more) = more else { return self.fail(from, "a repetition's count is too large") };
            number = Some(more);
        }
        while self.peek().is_some_and(char::is_whitespace) {
            self.bump_and_skip();
        }
        match number {
            Some(number) => Some(number),
            None => self.fail(from, "a repetition's count is missing"),
        }
    }
}
