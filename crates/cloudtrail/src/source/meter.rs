//! How much is read: of everything within a host's limits, and of compressed payloads no more than one level of compression could make.

use super::Stats;

/// What a source reads over all its files. What lies beyond is reported, once a file, and not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes after inflating; the contents of envelopes count again.
    pub bytes: u64,
    /// Records and problems. It is looked at between pieces of at most half a megabyte.
    pub records: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { bytes: u64::MAX, records: u64::MAX }
    }
}

/// How many bytes deflate makes of one at most. A file whose payloads are compressed within a compressed file could make the square of it:
/// a few hundred bytes would take minutes. No honest file comes near, for what is compressed once hardly shrinks again.
const MOST_OF_A_BYTE: u64 = 1032;
/// What is packed twice in any file may have so many.
const PAYLOADS_OF_ANY: u64 = 4 << 20;
/// The file's bytes are counted in such steps, so that it makes no difference where chunks of what is packed end.
pub const STEP: u64 = 64 << 10;

/// Why reading ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spent {
    /// A limit of the host.
    Limit,
    /// What payloads may make of the current file.
    Payloads,
}

#[derive(Default)]
pub struct Meter {
    limits: Limits,
    /// Bytes at all levels, over all files.
    read: u64,
    /// Bytes of the current file, as it is.
    file: u64,
    /// Bytes of payloads in it.
    payloads: u64,
    exhausted: bool,
    told: [bool; 2],
}

impl Meter {
    pub fn new(limits: Limits) -> Meter {
        Meter { limits, ..Meter::default() }
    }

    /// More of the current file.
    pub fn pushed(&mut self, bytes: usize) {
        self.file += bytes as u64;
    }

    /// How many bytes of the current file are left of a step.
    pub fn to_step(&self) -> usize {
        (STEP - self.file % STEP) as usize
    }

    /// Another file begins.
    pub fn next_file(&mut self) {
        (self.file, self.payloads, self.told) = (0, 0, [false; 2]);
    }

    /// Whether nothing more is read of any file.
    pub fn exhausted(&self) -> bool {
        self.exhausted
    }

    /// How many of so many bytes may be read, and why not all of them. `twice`: they come out of something packed inside something
    /// packed, or inside an envelope.
    pub fn admit(&mut self, bytes: usize, twice: bool) -> (usize, Option<Spent>) {
        let left = if self.exhausted { 0 } else { self.limits.bytes - self.read };
        let steps = self.file / STEP * STEP;
        let of_payloads = match twice {
            false => u64::MAX,
            true => (steps.saturating_mul(MOST_OF_A_BYTE) + PAYLOADS_OF_ANY).saturating_sub(self.payloads),
        };
        let admitted = (bytes as u64).min(left).min(of_payloads);
        self.read += admitted;
        if twice {
            self.payloads += admitted;
        }
        let spent = match admitted < bytes as u64 {
            false => None,
            true if left <= of_payloads => Some(Spent::Limit),
            true => Some(Spent::Payloads),
        };
        self.exhausted |= spent == Some(Spent::Limit);
        (admitted as usize, spent)
    }

    /// Whether there are more records now than may be.
    pub fn too_many(&mut self, stats: &Stats) -> bool {
        let many = stats.total() + stats.problems > self.limits.records;
        self.exhausted |= many;
        many
    }

    /// What to tell of it, once a file.
    pub fn tell(&mut self, spent: Spent) -> Option<(&'static str, String)> {
        let told = self.told.get_mut(spent as usize)?;
        if std::mem::replace(told, true) {
            return None;
        }
        Some(match spent {
            Spent::Limit => {
                let Limits { bytes, records } = self.limits;
                let limit = if self.read >= bytes {
                    format!("{bytes} bytes after decompression")
                } else {
                    format!("{records} events")
                };
                ("input_limit", format!("the input has more than {limit}; Forepost ignores the rest"))
            }
            Spent::Payloads => {
                let message = "compressed data inside compressed data make more than a thousand times the bytes of the file; Forepost ignores them";
                ("too_large", message.to_owned())
            }
        })
    }
}
