//! Values as bytes, for another run of the same program: shorter than JSON, and no type is lost. There is no version.

use super::{Bag, Decimal, Str, Value};

/// What comes before the bytes of a value.
mod tag {
    pub const NULL: u8 = 0;
    pub const FALSE: u8 = 1;
    pub const TRUE: u8 = 2;
    pub const INT: u8 = 3;
    pub const LONG: u8 = 4;
    pub const REAL: u8 = 5;
    pub const DECIMAL: u8 = 6;
    pub const DATETIME: u8 = 7;
    pub const TIMESPAN: u8 = 8;
    pub const GUID: u8 = 9;
    pub const STRING: u8 = 10;
    pub const ARRAY: u8 = 11;
    pub const BAG: u8 = 12;
    /// As many nulls as the number after it says: a row that needs few of its columns has many.
    pub const NULLS: u8 = 13;
}

/// As deep as a value nests that [`Decoder`] reads; [`Value::array`] makes none that is deeper.
const MAX_DEPTH: usize = 256;
/// As many values as a row has that [`Decoder`] reads: bytes that nobody wrote must not ask for all of the memory.
const MAX_VALUES: usize = 1 << 20;

/// Appends the values of a row: their number, and then each.
pub fn write_row(values: &[Value], out: &mut Vec<u8>) {
    write_length(values.len(), out);
    for run in values.chunk_by(|a, b| a.is_null() && b.is_null()) {
        match run {
            [value] => write(value, out),
            nulls => {
                out.push(tag::NULLS);
                write_length(nulls.len(), out);
            }
        }
    }
}

/// Appends a number that is mostly small.
pub fn write_length(length: usize, out: &mut Vec<u8>) {
    let mut rest = length;
    while rest > 0x7f {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Appends bytes behind their number.
pub fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_length(bytes.len(), out);
    out.extend_from_slice(bytes);
}

// As deep as a value is, which is bounded where it is made.
fn write(value: &Value, out: &mut Vec<u8>) {
    let mut fixed = |tag, bytes: &[u8]| {
        out.push(tag);
        out.extend_from_slice(bytes);
    };
    match value {
        Value::Null => out.push(tag::NULL),
        Value::Bool(b) => out.push(if *b { tag::TRUE } else { tag::FALSE }),
        Value::Int(n) => fixed(tag::INT, &n.to_le_bytes()),
        Value::Long(n) => fixed(tag::LONG, &n.to_le_bytes()),
        Value::Real(n) => fixed(tag::REAL, &n.to_le_bytes()),
        Value::Decimal(n) => fixed(tag::DECIMAL, &n.serialize()),
        Value::DateTime(n) => fixed(tag::DATETIME, &n.to_le_bytes()),
        Value::Timespan(n) => fixed(tag::TIMESPAN, &n.to_le_bytes()),
        Value::Guid(bytes) => fixed(tag::GUID, bytes),
        Value::String(text) => {
            out.push(tag::STRING);
            write_bytes(text.as_bytes(), out);
        }
        Value::Array(items) => {
            out.push(tag::ARRAY);
            write_length(items.len(), out);
            items.iter().for_each(|item| write(item, out));
        }
        Value::Bag(bag) => {
            out.push(tag::BAG);
            write_length(bag.len(), out);
            for (key, value) in bag.iter() {
                write_bytes(key.as_bytes(), out);
                write(value, out);
            }
        }
    }
}

/// Reads what [`write_row`] and its kin wrote. Everything is `None` from anything else.
pub struct Decoder<'a>(pub &'a [u8]);

impl<'a> Decoder<'a> {
    /// The values of the next row.
    pub fn row(&mut self) -> Option<Vec<Value>> {
        let count = self.length().filter(|count| *count <= MAX_VALUES)?;
        let mut values = Vec::with_capacity(count);
        while values.len() < count {
            if self.0.first() == Some(&tag::NULLS) {
                self.byte()?;
                let nulls = self.length()?.min(count - values.len());
                values.resize(values.len() + nulls, Value::Null);
            } else {
                values.push(self.value(0)?);
            }
        }
        Some(values)
    }

    /// The next number of [`write_length`].
    pub fn length(&mut self) -> Option<usize> {
        let (mut length, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            length |= usize::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(length);
            }
            shift += 7;
        }
    }

    /// The next byte.
    pub fn byte(&mut self) -> Option<u8> {
        self.fixed::<1>().map(|[byte]| byte)
    }

    /// The next bytes, as many as are asked for.
    pub fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }

    /// The next bytes of [`write_bytes`].
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        Some(match self.byte()? {
            tag::NULL => Value::Null,
            tag::FALSE => Value::Bool(false),
            tag::TRUE => Value::Bool(true),
            tag::INT => Value::Int(i32::from_le_bytes(self.fixed()?)),
            tag::LONG => Value::Long(i64::from_le_bytes(self.fixed()?)),
            tag::REAL => Value::Real(f64::from_le_bytes(self.fixed()?)),
            tag::DECIMAL => Value::Decimal(Decimal::deserialize(self.fixed()?)),
            tag::DATETIME => Value::DateTime(i64::from_le_bytes(self.fixed()?)),
            tag::TIMESPAN => Value::Timespan(i64::from_le_bytes(self.fixed()?)),
            tag::GUID => Value::Guid(self.fixed()?),
            tag::STRING => Value::text(self.text()?),
            tag::ARRAY if depth < MAX_DEPTH => {
                let count = self.length()?;
                Value::array((0..count).map(|_| self.value(depth + 1)).collect::<Option<_>>()?)
            }
            tag::BAG if depth < MAX_DEPTH => {
                let count = self.length()?;
                let pair = |_| Some((Str::from(self.text()?), self.value(depth + 1)?));
                Value::bag(Bag::from_distinct((0..count).map(pair).collect::<Option<_>>()?))
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Decoder, write_row};
    use crate::value::{Decimal, Value};

    /// One value of each type, odd ones among them, alone and nested.
    fn values() -> Vec<Value> {
        let mut all = vec![
            Value::Null,
            Value::Null,
            Value::Bool(true),
            Value::Bool(false),
            Value::Int(i32::MIN),
            Value::Long(i64::MIN),
            Value::Real(-0.0),
            Value::Real(f64::NAN),
            Value::Decimal(Decimal::new(-12_345, 3)),
            Value::DateTime(i64::MAX),
            Value::Timespan(-1),
            Value::Guid([7; 16]),
            Value::text(""),
            Value::text("Zürich \u{0}"),
            Value::text(&"long".repeat(100)),
            Value::array(Vec::new()),
        ];
        let nested = Value::array(all.clone());
        all.push(Value::object(&[("a", nested.clone()), ("", nested)]));
        all.extend([Value::Null, Value::Null, Value::Null]);
        all
    }

    fn read(bytes: &[u8]) -> Option<Vec<Value>> {
        let mut decoder = Decoder(bytes);
        decoder.row().filter(|_| decoder.0.is_empty())
    }

    #[test]
    fn what_is_written_is_read() {
        for row in [values(), Vec::new(), vec![Value::Null; 300]] {
            let mut bytes = Vec::new();
            write_row(&row, &mut bytes);
            assert_eq!(format!("{:?}", read(&bytes)), format!("{:?}", Some(row)));
        }
    }

    /// Bytes that nobody wrote are refused or are other values; nothing panics, and little is allocated.
    #[test]
    fn other_bytes_do_no_harm() {
        let mut bytes = Vec::new();
        write_row(&values(), &mut bytes);
        for at in 0..bytes.len() {
            assert!(read(&bytes[..at]).is_none(), "cut at {at}");
            for new in [0, 11, 12, 13, 0x7f, 0xff] {
                let mut changed = bytes.clone();
                changed[at] = new;
                let _ = read(&changed);
            }
        }
        assert!(read(&[1, 11, 1].repeat(100_000)).is_none());
    }
}
