//! The module for other hosts in an interpreter, against the package.

use abi::{Arg, Host, module, root};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use wasmi::Config;

fn host() -> Host {
    Host::new(&module(), &Config::default()).expect("an instance")
}

/// The files of the sample, as they are: each is an input.
fn sample() -> Vec<Vec<u8>> {
    fn files(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { files(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    files(&root().join("samples/AWSLogs"), &mut found);
    found.sort();
    assert!(!found.is_empty());
    found.iter().map(|path| std::fs::read(path).expect("a file")).collect()
}

/// Some of the pack's rules, by their texts.
fn rules() -> Value {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(root().join("rules/aws"))
        .expect("rules")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| !path.to_string_lossy().contains(".test."))
        .collect();
    paths.sort();
    let file = |path: &PathBuf| json!({"file": path.file_name().expect("a name").to_string_lossy(), "text": std::fs::read_to_string(path).expect("a rule")});
    paths.iter().map(file).collect()
}

/// What the package's command prints over the sample.
fn command(args: &[&str]) -> Vec<u8> {
    let mut command = Command::new("node");
    command.current_dir(root()).arg("dist/npm/cli.js").args(args).arg("samples/AWSLogs");
    let output = command.output().expect("node, and dist/npm: run `make package`");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn lines(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte == b'\n').count()
}

#[test]
fn alerts_are_the_package_s_to_the_byte() {
    let mut host = host();
    assert_eq!(host.export("abi_version", &[]), Some(1));
    let built_in = command(&["scan", "--format", "ndjson"]);
    let of_the_pack = command(&["scan", "--format", "ndjson", "--rules", "rules/aws"]);
    assert!(lines(&built_in) > 3 && lines(&of_the_pack) > 3);
    for (options, want) in [(json!({}), built_in), (json!({"rules": rules()}), of_the_pack)] {
        let detector = host.make("detector", &options);
        let inputs = sample();
        // The first one byte by byte: an input may be cut anywhere.
        for byte in &inputs[0] {
            host.done("push", [detector.into(), Arg::Bytes(std::slice::from_ref(byte))]);
        }
        host.done("end_input", [detector.into()]);
        inputs[1..].iter().for_each(|input| host.read(detector, input));
        assert_eq!(host.done("take_problems", [detector.into()]), b"");
        let alerts = host.alerts(detector);
        assert_eq!(String::from_utf8_lossy(&alerts), String::from_utf8_lossy(&want));
        host.export("drop", &[detector]);
        assert_eq!(host.refused("finish", [detector.into()])["code"], "FP404");
    }
}

#[test]
fn problems_are_told() {
    let mut host = host();
    let detector = host.make("detector", &json!({}));
    let cut = &sample()[0];
    let cut = cut[..cut.len() - 20].to_vec();
    for (input, codes) in [(b"{\"no\":1}\n".to_vec(), &["not_cloudtrail"][..]), (cut, &["gzip_cut", "cut"])] {
        host.read(detector, &input);
        let problems = host.done("take_problems", [detector.into()]);
        let told: Vec<Value> = problems
            .split(|b| *b == b'\n')
            .filter(|l| !l.is_empty())
            .map(|l| serde_json::from_slice(l).expect("JSON"))
            .collect();
        assert_eq!(told.iter().map(|problem| &problem["code"]).collect::<Vec<_>>(), codes);
    }
    let broken = json!({"rules": [{"file": "x.yaml", "text": rules()[0]["text"].as_str().expect("a text").replace("AWSCloudTrail", "NoSuchTable")}]}).to_string();
    let finding = host.refused("detector_new", [broken.as_str().into()]);
    assert_eq!((&finding["file"], &finding["severity"]), (&json!("x.yaml"), &json!("error")), "{finding}");
    assert_eq!(host.refused("push", [99.into(), "x".into()])["code"], "FP404");
}

#[test]
fn a_handover_of_another_build_is_refused_and_ours_taken() {
    let mut host = host();
    let options = json!({"rules": rules()});
    let detector = host.make("detector", &options);
    let about: Value = serde_json::from_slice(&host.done("about", [])).expect("JSON");
    let build = about["build"].as_str().expect("a build").as_bytes();
    for input in sample().iter().rev() {
        let reader = host.make("reader", &options);
        host.read(reader, input);
        let handed = host.done("hand_over", [reader.into()]);
        let at = handed.windows(build.len()).position(|bytes| bytes == build).expect("the build");
        let mut others = handed.clone();
        others[at..at + build.len()].copy_from_slice(&b"0123456789abcdef"[..build.len()]);
        let refusal = host.refused("take_over", [detector.into(), (&others).into()]);
        assert_eq!(refusal["code"], "FP405");
        assert!(refusal["message"].as_str().is_some_and(|m| m.contains("0123456789abcdef")), "{refusal}");
        host.done("take_over", [detector.into(), (&handed).into()]);
        host.export("drop", &[reader]);
    }
    let alerts = host.alerts(detector);
    let want = command(&["scan", "--format", "ndjson", "--rules", "rules/aws"]);
    assert_eq!(String::from_utf8_lossy(&alerts), String::from_utf8_lossy(&want));
}

#[test]
fn a_query_answers_as_the_package_does() {
    let query = "AWSCloudTrail | summarize n = count(), latest = max(TimeGenerated) by EventName | sort by n desc, EventName asc | take 5";
    let mut host = host();
    let reader = host.make("query", &json!({"query": query, "now": "2026-06-18T00:00:00Z"}));
    for input in sample() {
        host.read(reader, &input);
    }
    let result: Value = serde_json::from_slice(&host.done("result", [reader.into()])).expect("JSON");
    let names: Vec<&str> =
        result["columns"].as_array().expect("columns").iter().filter_map(|c| c["name"].as_str()).collect();
    let rows = result["rows"].as_array().expect("rows").iter();
    let rows: Vec<Value> = rows
        .map(|row| {
            names
                .iter()
                .zip(row.as_array().expect("a row"))
                .map(|(k, v)| ((*k).to_owned(), v.clone()))
                .collect()
        })
        .collect();
    let want = command(&["query", "--format", "ndjson", "--now", "2026-06-18T00:00:00Z", query]);
    let want: Vec<Value> = want
        .split(|b| *b == b'\n')
        .filter(|l| !l.is_empty())
        .map(|l| serde_json::from_slice(l).expect("JSON"))
        .collect();
    assert_eq!(want.len(), 5);
    assert_eq!(rows, want);
}

/// docs/abi.md says what a host must have: with that alone the module runs, and without any of it no instance is made.
#[test]
fn what_a_host_must_have() {
    type Switch = fn(&mut Config, bool) -> &mut Config;
    let needed: [(&str, Switch); 4] = [
        ("SIMD", Config::wasm_simd),
        ("bulk memory", Config::wasm_bulk_memory),
        ("sign extension", Config::wasm_sign_extension),
        ("non-trapping conversions", Config::wasm_saturating_float_to_int),
    ];
    let not_needed: [Switch; 9] = [
        Config::wasm_mutable_global,
        Config::wasm_multi_value,
        Config::wasm_reference_types,
        Config::wasm_relaxed_simd,
        Config::wasm_multi_memory,
        Config::wasm_memory64,
        Config::wasm_tail_call,
        Config::wasm_extended_const,
        Config::wasm_wide_arithmetic,
    ];
    let module = module();
    let mut bare = Config::default();
    for switch in not_needed {
        switch(&mut bare, false);
    }
    Host::new(&module, &bare).expect("an instance");
    for (name, switch) in needed {
        let mut without = bare.clone();
        switch(&mut without, false);
        assert!(Host::new(&module, &without).is_err(), "{name} is not needed");
    }
}
