//! JSON texts: what is read is what another reader reads, and what is written is read as the same.
#![no_main]

use cloudtrail::table::aws_cloudtrail::{EventRow, columns};
use kql::value::json::{self, Items, MAX_DEPTH};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = fuzz::input(data);
    let value = json::parse(&text);
    // serde_json refuses half of a surrogate pair, escapes that JSON does not know, numbers that no real holds, and texts that are not UTF-8; the
    // rest of what it reads is read here, and nothing else.
    let deep = json::depth(&text) > MAX_DEPTH;
    match serde_json::from_slice::<serde_json::Value>(&text) {
        Ok(_) if !deep => assert!(value.is_ok(), "{value:?}"),
        Err(e) if e.is_eof() || e.is_syntax() => {
            let said = e.to_string();
            let laxer = ["surrogate", "escape", "unicode", "recursion limit", "out of range"]
                .iter()
                .any(|w| said.contains(w));
            // An escape that the text's end or a quote cuts is read as a character that is none.
            let cut_escape = e.is_eof() && text.windows(2).any(|two| two == b"\\u");
            assert!(laxer || cut_escape || value.is_err(), "{e}: {value:?}");
        }
        _ => {}
    }
    if let Ok(value) = &value {
        let written = json::to_text(value);
        let again = json::parse(written.as_bytes()).map(|v| json::to_text(&v));
        assert_eq!(again.as_deref(), Ok(&*written));
        serde_json::from_str::<serde_json::Value>(&written).unwrap_or_else(|e| panic!("{e}: {written}"));
    }
    // Of minified text the same is read.
    if let Ok(value) = &value {
        let small = json::parse(&json::minify(&text)).map(|v| json::to_text(&v));
        assert_eq!(small, Ok(json::to_text(value)));
    }
    let _ = json::parse_cut(&text);
    let _ = json::skip_value(&text, 0);
    for (key, _) in Items::open(&text).into_iter().flatten().map_while(Result::ok) {
        let _ = json::unescape(key);
    }
    // As an event: every column has a value.
    let row = EventRow::new(&text);
    (0..columns().len()).for_each(|i| drop(row.column(i)));
    let _ = (row.time(), row.event_id(), row.problem());
});
