//! A record of a log pipeline through the filter: it goes on as it is, or with one more key before its last bracket.
#![no_main]

use forepost::host::pipeline::{Pipeline, Verdict};
use libfuzzer_sys::fuzz_target;
use std::cell::RefCell;

thread_local! {
    // As in the module: patterns are compiled when it is built.
    static PIPELINE: RefCell<Pipeline> = RefCell::new({
        let made = Pipeline::new(&fuzz::rules(), vec!["log".to_owned()]).unwrap_or_else(|e| panic!("{e:?}"));
        made.precompile();
        made
    });
}

fuzz_target!(|data: &[u8]| {
    let record = fuzz::input(data);
    PIPELINE.with_borrow_mut(|pipeline| {
        let changed = match pipeline.record(&record) {
            Verdict::Nothing | Verdict::AsItIs => return,
            Verdict::Changed(changed) => changed.to_vec(),
        };
        let end = record.trim_ascii_end();
        let head = end.strip_suffix(b"}").map(<[u8]>::trim_ascii_end);
        assert!(head.is_some_and(|head| changed.starts_with(head)), "the record's own bytes change");
        if serde_json::from_slice::<serde_json::Value>(&record).is_ok() {
            serde_json::from_slice::<serde_json::Value>(&changed).unwrap_or_else(|e| panic!("{e}"));
        }
        assert_eq!(
            pipeline.terminated().iter().filter(|b| **b == 0).count(),
            1 + record.iter().filter(|b| **b == 0).count()
        );
    });
});
