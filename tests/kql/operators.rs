//! One query a line in `operators.jsonl`: the columns and rows it yields, or the code of its error.

use serde_json::Value;

const CASES: &str = include_str!("operators.jsonl");

/// `name:type name:type`, as the case file writes columns.
fn columns(answer: &Value) -> String {
    let columns = answer["columns"].as_array().expect("columns");
    let text =
        |c: &Value| format!("{}:{}", c["name"].as_str().unwrap_or("?"), c["type"].as_str().unwrap_or("?"));
    columns.iter().map(text).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_case() {
    let mut wrong = Vec::new();
    for (i, line) in CASES.lines().enumerate() {
        let case: Value = serde_json::from_str(line).expect("a case is JSON");
        let query = case["query"].as_str().expect("a query");
        let answer = super::answer(query);
        let right = match case.get("error") {
            Some(code) => answer["error"]["code"] == *code,
            None => {
                answer.get("error").is_none()
                    && columns(&answer) == case["columns"].as_str().unwrap_or_default()
                    && answer["rows"] == case["rows"]
            }
        };
        if !right {
            wrong.push(format!("line {}: {query}\n  got  {answer}\n  want {case}", i + 1));
        }
    }
    assert!(CASES.lines().count() > 90, "the case file has been cut");
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}
