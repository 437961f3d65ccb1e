//! Turns UTF-16 into UTF-8. What is no text becomes U+FFFD, as it does in the rest of the engine.

use super::unpack::Contents;

/// The state between two chunks.
pub struct Utf16 {
    /// Whether the first byte of two is the higher.
    big: bool,
    /// The first byte of two.
    byte: Option<u8>,
    /// The first half of a character that has two.
    high: Option<u16>,
    text: String,
}

impl Utf16 {
    /// At the start of a file, in front of the byte order mark.
    pub fn new(big: bool) -> Utf16 {
        Utf16 { big, byte: None, high: None, text: String::new() }
    }

    /// Reads on.
    pub fn push(&mut self, chunk: &[u8], out: &mut dyn Contents) {
        for piece in chunk.chunks(64 << 10) {
            for b in piece {
                let Some(first) = self.byte.take() else {
                    self.byte = Some(*b);
                    continue;
                };
                let pair = [first, *b];
                self.unit(if self.big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) });
            }
            out.bytes(self.text.as_bytes());
            self.text.clear();
        }
    }

    fn unit(&mut self, unit: u16) {
        let high = self.high.take();
        if (0xd800..0xdc00).contains(&unit) {
            // Another half before it has nothing that continues it.
            self.text.extend(high.map(|_| char::REPLACEMENT_CHARACTER));
            self.high = Some(unit);
            return;
        }
        let units = high.into_iter().chain([unit]);
        self.text.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
    }

    /// The file ended.
    pub fn finish(&mut self, out: &mut dyn Contents) {
        if self.byte.take().is_some() || self.high.take().is_some() {
            out.bytes("\u{fffd}".as_bytes());
        }
    }
}
