//! How many bytes a value has as JSON text. Sentinel's limits, and ours on evidence, count that text, and it is written only later.

use kql::value::{Value, json};

/// The size of a text as a JSON string.
pub(super) fn string(text: &str) -> usize {
    let escaped = |b: u8| match b {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 1,
        0..=0x1f => 5,
        _ => 0,
    };
    2 + text.len() + text.bytes().map(escaped).sum::<usize>()
}

/// The size of a value; `scratch` is a buffer that is used again.
pub(super) fn value(value: &Value, scratch: &mut String) -> usize {
    match value {
        Value::String(text) => string(text),
        other => {
            scratch.clear();
            json::write(scratch, other);
            scratch.len()
        }
    }
}

/// The size of a number.
pub(super) fn digits(number: usize) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_text() {
        let every: String = (0..0x2100).filter_map(char::from_u32).collect();
        for text in ["", "a\"b\\c", "\u{0}\u{1f}\u{7f}\n\r\t\u{8}\u{c}", "é𝄞", &every] {
            let mut out = String::new();
            json::write_string(&mut out, text);
            assert_eq!(string(text), out.len(), "{text:?}");
            assert_eq!(value(&Value::text(text), &mut String::new()), out.len());
        }
        let mut scratch = String::from("old");
        assert_eq!(value(&Value::array(vec![Value::Long(12), Value::Null]), &mut scratch), "[12,null]".len());
        for n in [0, 9, 10, 99, 100, 12_345] {
            assert_eq!(digits(n), n.to_string().len());
        }
    }
}
