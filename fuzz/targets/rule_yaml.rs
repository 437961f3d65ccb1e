//! The YAML of a rule: findings that point into the text, or a rule that runs over events.
#![no_main]

use forepost::detector::{Context, Detector, Options, Request, RuleFile, check, explain};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some(text) = fuzz::text(data) else { return };
    let files = [RuleFile { file: "rule.yaml".to_owned(), text }];
    let findings = check(&files, &Context::default());
    // In YAML a carriage return ends a line too.
    let lines = 1 + files[0].text.bytes().filter(|b| matches!(b, b'\n' | b'\r')).count();
    for f in &findings {
        assert!((1..=lines + 1).contains(&f.line), "{f:?}");
    }
    let run = |stream: bool| {
        let mut detector = Detector::new(&files, Options { stream, ..Options::default() }).ok()?;
        fuzz::EVENTS.lines().for_each(|event| detector.push(format!("{event}\n").as_bytes()));
        detector.finish();
        Some(fuzz::alerts(&mut detector))
    };
    let at_once = run(false);
    if at_once.is_some() {
        run(true);
        let events: Vec<&[u8]> = fuzz::EVENTS.lines().map(str::as_bytes).collect();
        let _ = explain(&Request { rule: &files[0].text, events: &events, ..Request::default() });
    }
});
