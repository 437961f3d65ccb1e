//! Where a name can stand, which words need brackets there, and that brackets let any text be a name.

#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

use kql::exec::late::compile;

/// The codes of what is wrong with a query.
fn codes(query: &str) -> Vec<&'static str> {
    compile(query, &Default::default()).diagnostics.iter().map(|d| d.code).collect()
}

const SOURCE: &str = "datatable(x:long, s:string, d:dynamic, t:datetime)[]";

/// Every place that gives a column a name; `@` is the name, `T` the table above.
const NEW_COLUMNS: &[&str] = &[
    "print @ = 1",
    "T | extend @ = x",
    "T | project @ = x",
    "T | project-rename @ = x",
    "T | summarize @ = count()",
    "T | summarize count() by @ = x",
    "T | distinct @ = x",
    "T | parse s with 'a' @",
    "T | parse s with 'a' @:long 'b' *",
    "T | parse-kv s as (@:long)",
    "datatable(@:long)[1]",
    "T | mv-expand @ = d",
    "T | mv-apply @ = d on (take 1)",
    "T | make-series @ = count() default = 0 on t step 1d",
    "T | extend (@, b) = series_stats(d)",
    "T | evaluate bag_unpack(d) : (@:long)",
    "T | sort by x asc | scan declare (@:long = 0) with (step one: true => @ = x;)",
    "T | sort by x asc | scan with (step @: true;)",
    "T | top-nested 1 of @ = x by max(x)",
    "T | sort by x asc | serialize @ = row_number()",
    "T | count as @",
    "let f = (@:long) { 1 }; print f(@ = 1)",
];

/// Every place that gives something else a name, or takes a pattern of names.
const OTHER_NAMES: &[&str] = &[
    "let @ = 1; T",
    "let @ = (a:long) { a }; T",
    "let @ = T; T",
    "range @ from 1 to 2 step 1",
    "T | as @",
    "T | extend @ = x | project-away @",
    "T | extend @ = x | project-keep @",
    "T | extend @ = x | project-reorder @",
];

/// Every place that reads a name.
const READ: &[&str] = &[
    "T | where @ == 1",
    "T | where x == @",
    "T | project @",
    "T | project x, @",
    "T | project-rename z = @",
    "T | extend y = 1 + @",
    "T | extend y = tostring(@)",
    "T | extend y = d.@",
    "T | extend y = d.@.z",
    "T | sort by @ asc",
    "T | top 1 by @",
    "T | top-hitters 1 of @",
    "T | sample-distinct 1 of @",
    "T | distinct @",
    "T | summarize sum(@)",
    "T | summarize count() by @",
    "T | summarize arg_max(@, *)",
    "T | join (T) on @",
    "T | join (T) on $left.@ == $right.@",
    "T | lookup (T) on @",
    "T | partition by @ (take 1)",
    "T | make-series count() default = 0 on @ from 1 to 2 step 1",
    "T | make-series count() default = 0 on @ in range(1, 2, 1)",
    "T | top-nested 1 of @ by max(x)",
];

fn refused(pattern: &str, word: &str, wide: bool) -> bool {
    let bare = word.trim_start_matches("['").trim_end_matches("']");
    let table = if wide { format!("({SOURCE} | extend ['{bare}'] = x)") } else { format!("({SOURCE})") };
    let query = pattern.replace('@', word);
    let query = query
        .split(' ')
        .map(|part| match part {
            "T" => table.clone(),
            "T;" => format!("{table};"),
            "(T)" => table.clone(),
            other => other.to_owned(),
        })
        .collect::<Vec<_>>()
        .join(" ");
    let codes = codes(&query);
    assert!(
        codes.iter().all(|c| matches!(*c, "KS228" | "KS005" | "KS006" | "KS007" | "KS176" | "KS198")),
        "{query}: {codes:?}"
    );
    !codes.is_empty()
}

/// A word of each kind, and words of the language that are names all the same.
const WORDS: [(&str, [bool; 3]); 14] = [
    ("first", [true, true, true]),
    ("last", [true, true, true]),
    ("asc", [true, true, true]),
    ("missing", [true, true, true]),
    ("date", [true, true, true]),
    ("has_any", [true, true, true]),
    ("kind", [true, true, false]),
    ("withsource", [true, true, false]),
    ("title", [false, true, true]),
    ("where", [false, true, true]),
    ("earliest", [false, true, true]),
    ("count", [false, false, false]),
    ("summarize", [false, false, false]),
    ("id", [false, false, false]),
];

#[test]
fn reserved_words_need_brackets() {
    for (word, want) in WORDS {
        for (patterns, want, wide) in
            [(NEW_COLUMNS, want[0], false), (OTHER_NAMES, want[1], false), (READ, want[2], true)]
        {
            for pattern in patterns {
                assert_eq!(refused(pattern, word, wide), want, "{word} in {pattern}");
                assert!(!refused(pattern, &format!("['{word}']"), wide), "['{word}'] in {pattern}");
            }
        }
    }
}
