//! What a record that some rule or query may need is looked through for: values that nothing can read.

use super::State;
use cloudtrail::source::Record;
use kql::value::json;
use serde::de::IgnoredAny;

impl State {
    pub(super) fn look_for_depth(&mut self, record: &Record<'_>) {
        if json::depth(record.raw) > json::MAX_DEPTH {
            let message =
                format!("the record nests more than {} levels; deeper values are ignored", json::MAX_DEPTH);
            self.report.problem(Some(record.offset), "FP302", message);
        }
    }

    /// Says so if an event that a rule or query may need is not JSON throughout. The framing looks at brackets and commas only, and a
    /// function that cannot read a value gives null: `"a":NaN` would hide the event from the rule without a word.
    pub(super) fn look_for_damage(&mut self, record: &Record<'_>) {
        if let Some(message) = damage(record.raw) {
            self.report.problem(Some(record.offset), "bad_json", message);
        }
    }
}

/// What is wrong with an event that is not JSON throughout.
pub(crate) fn damage(event: &[u8]) -> Option<String> {
    // Nearly all are: to see that, no value need be made.
    if serde_json::from_slice::<IgnoredAny>(event).is_ok() {
        return None;
    }
    // As the functions read it, so that what they read all the same, such as an escape that JSON does not know, is no damage.
    let error = json::parse_cut(event).err()?;
    Some(format!(
        "the event is not JSON throughout: unexpected character at its byte {}; rules and queries may miss it",
        error.offset
    ))
}

#[cfg(test)]
mod tests {
    use super::damage;
    use crate::property::{changed, check};
    use kql::value::json;
    use std::cell::Cell;

    /// The quick look for damage never overlooks what the reader cannot read.
    #[test]
    fn damage_is_what_the_reader_cannot_read() {
        let event = r#"{"a":"b\u0061\"\\","n":-1.5e+3,"list":[1,null,true,{"c":[]}],"é":"\ud83d\ude00"}"#;
        let (damaged, sound) = (Cell::new(0), Cell::new(0));
        let bytes = b"{}[]:,\"\\u0d819eE+-.ntf \n\t\0\x1f\x80\xff";
        check(20_000, changed(vec![event.into()], 1..=3, bytes), |event| {
            let readable = json::parse_cut(&event.0).is_ok();
            assert_eq!(damage(&event.0).is_none(), readable);
            let seen = if readable { &sound } else { &damaged };
            seen.set(seen.get() + 1);
        });
        let (damaged, sound) = (damaged.get(), sound.get());
        assert!(damaged > sound / 20 && sound > damaged / 20, "{damaged} {sound}");
        for odd in ["1e999", "-0", "[1e-999]", "99999999999999999999", "\"\\ud800\""] {
            assert_eq!(damage(odd.as_bytes()).is_none(), json::parse_cut(odd.as_bytes()).is_ok(), "{odd}");
        }
    }
}
