//! What patterns mean in Kusto's functions and operators: forms of the syntax by what they match, forms that are refused with
//! the reason, and patterns made to be slow.

#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

use kql::exec::late::compile;
use kql::exec::{Budget, run::Run};
use kql::value::{Value, json};

/// The rows of a query as JSON, or the code and the text of the first thing wrong with it.
fn answer(query: &str) -> Result<String, String> {
    let compiled = compile(query, &Default::default());
    let Some(bound) = compiled.query else {
        let first = compiled.diagnostics.first().expect("a reason");
        return Err(format!("{} {}", first.code, first.message));
    };
    let mut budget = Budget::default();
    budget.steps = 2_000_000;
    let rows = Run::new(0, &[], budget).table(&bound.plan).map_err(|e| e.message)?;
    let row = |values: &[Value]| match values {
        [one] => one.clone(),
        several => Value::array(several.to_vec()),
    };
    Ok(rows.iter().map(|r| json::to_text(&row(&r.values))).collect::<Vec<_>>().join(" "))
}

fn quoted(text: &str) -> String {
    format!(
        "\"{}\"",
        text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', "\\r")
    )
}

/// All that a pattern matches in a text.
fn matches(pattern: &str, text: &str) -> Result<String, String> {
    answer(&format!("print extract_all({}, {})", quoted(&format!("({pattern})")), quoted(text)))
}

/// A text has every form: capitals, letters beyond ASCII, digits, lines, marks.
const TEXTS: [&str; 6] = [
    "aab abab",
    "A\nb\r\nc",
    "k \u{212a} K s S ſ ß ẞ",
    "日本 x1٣९ e\u{301}_",
    "arn:aws:iam::123456789012:user/Bob",
    "[a-]^{2}",
];

#[test]
fn forms_of_the_syntax() {
    let mut wrong = Vec::new();
    for (pattern, text, want) in [
        ("a|b", 0, r#"["a","a","b","a","b","a","b"]"#),
        ("a+?", 0, r#"["a","a","a","a"]"#),
        ("a{2}", 0, r#"["aa"]"#),
        ("(?:ab){1,2}", 0, r#"["ab","abab"]"#),
        ("(?U)a+", 0, r#"["a","a","a","a"]"#),
        ("(?m)^.$", 1, r#"["A","c"]"#),
        ("(?mR)^.$", 1, r#"["A","b","c"]"#),
        ("(?s)A.b", 1, r#"["A\nb"]"#),
        ("A.b", 1, "null"),
        (r"\Aa", 0, r#"["a"]"#),
        (r"b\z", 0, r#"["b"]"#),
        (r"\bab", 0, r#"["ab"]"#),
        (r"\Bab", 0, r#"["ab","ab"]"#),
        (r"b\b{end}", 0, r#"["b","b"]"#),
        (r"\<a", 0, r#"["a","a"]"#),
        ("(?i)k", 2, "[\"k\",\"\u{212a}\",\"K\"]"),
        ("(?i)s", 2, r#"["s","S","ſ"]"#),
        ("(?i)ß", 2, r#"["ß","ẞ"]"#),
        ("(?i-u)k", 2, r#"["k","K"]"#),
        ("(?i)[k-l]", 2, "[\"k\",\"\u{212a}\",\"K\"]"),
        ("(?x) a a # twice\n b", 0, r#"["aab"]"#),
        (r"\d", 3, r#"["1","٣","९"]"#),
        (r"(?-u:\d)", 3, r#"["1"]"#),
        (r"\w+", 3, "[\"日本\",\"x1٣९\",\"e\u{301}_\"]"),
        (r"(?-u:\w)+", 3, r#"["x1","e","_"]"#),
        (r"\pN+", 3, r#"["1٣९"]"#),
        (r"\p{Lo}+", 3, r#"["日本"]"#),
        (r"\p{Han}+", 3, r#"["日本"]"#),
        (r"\p{Script=Devanagari}", 3, r#"["९"]"#),
        (r"\p{Alphabetic}+", 3, r#"["日本","x","e"]"#),
        (r"\p{M}", 3, "[\"\u{301}\"]"),
        (r"\p{Age=1.1}\p{Mn}", 3, "[\"e\u{301}\"]"),
        (r"\P{ASCII}+", 2, "[\"\u{212a}\",\"ſ\",\"ß\",\"ẞ\"]"),
        (r"\x41|\x{62}|\u0063", 1, r#"["A","b","c"]"#),
        (r"[[:alpha:]]+", 4, r#"["arn","aws","iam","user","Bob"]"#),
        (r"[a-z&&[^m-z]]+", 4, r#"["a","a","ia","e","b"]"#),
        (r"[a-z--[aeiou]]+", 4, r#"["rn","ws","m","s","r","b"]"#),
        (r"[\d:]+", 4, r#"[":",":","::123456789012:"]"#),
        (r"[]^]", 5, r#"["]","^"]"#),
        (r"[a\-]+", 5, r#"["a-"]"#),
        (r"\{2\}", 5, r#"["{2}"]"#),
    ] {
        match matches(pattern, TEXTS[text]) {
            Ok(got) if got == want => {}
            other => wrong.push(format!("{pattern} in {:?}: {other:?}", TEXTS[text])),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_refused_and_why() {
    for (pattern, why) in [
        ("a(b", "unclosed group: ("),
        ("ab)", "unopened group: )"),
        ("a[b", "unclosed character class: ["),
        ("a{2", "unclosed counted repetition: {2"),
        ("x(?=b)", "look-around, including look-ahead and look-behind, is not supported: (?="),
        ("x(?<!b)", "look-around, including look-ahead and look-behind, is not supported: (?<!"),
        (r"(a)\1", r"backreferences are not supported: \1"),
        ("*", "repetition operator missing expression"),
        ("a{3,2}", "invalid repetition count range, the start must be <= the end: {3,2}"),
        ("(?P<a>a)(?P<a>b)", "duplicate capture group name: a"),
        (r"\p{Klingon}", "Unicode property not found"),
        ("[b-a]", "invalid character class range, the start must be <= the end: b-a"),
        (r"\Q", "unrecognized escape sequence"),
        (r"x(?-u)\xFF", r"pattern can match invalid UTF-8: \xFF"),
        ("a{4294967295}", "it is too large"),
        (r"\w{1000}{1000}", "it is too large"),
        ("((a{100}){100}){100}", "it is too large"),
    ] {
        let want = format!("SEM0420 The regular expression is not valid: {why}.");
        let (p, table) = (quoted(pattern), "datatable(s:string)['a'] |");
        for query in [
            format!("{table} where s matches regex {p}"),
            format!("{table} extend x = extract({p}, 0, s)"),
            format!("{table} extend x = extract_all({p}, s)"),
            format!("{table} extend x = replace_regex(s, {p}, '')"),
            format!("{table} extend x = indexof_regex(s, {p})"),
            format!("{table} extend x = trim({p}, s)"),
            format!("{table} parse kind=regex s with {p} x"),
            format!("{table} parse-kv s as (x:string) with (regex={p})"),
        ] {
            assert_eq!(answer(&query), Err(want.clone()), "{query}");
        }
    }
}

#[test]
fn nesting_is_limited() {
    let around = |n: usize, open: &str, close: &str| format!("{}a{}", open.repeat(n), close.repeat(n));
    for (open, close) in [("(", ")"), ("(?:", ")"), ("[", "]"), ("(b|", ")"), ("(", ")*")] {
        assert_eq!(matches(&around(15, open, close), "a").map(|_| ()), Ok(()), "{open}");
        for n in [200, 10_000] {
            assert!(matches(&around(n, open, close), "a").is_err(), "{open}");
        }
        assert!(matches(&open.repeat(10_000), "a").is_err(), "{open}");
    }
}

#[test]
fn functions_and_operators() {
    for (expression, want) in [
        (r#"extract("(\\w+)@(\\w+)", 2, "an äbc@host.de")"#, r#""host""#),
        (r#"extract("(x)|(y)", 1, "y")"#, r#""""#),
        (r#"extract("a", 9, "a")"#, r#""""#),
        (
            r#"extract_all("(?P<user>\\w+)@(\\w+)(?:\\.(?<top>com|de))?", dynamic(["user", "top"]), "äbc@host.de, x@y")"#,
            r#"[["äbc","de"],["x",""]]"#,
        ),
        (r#"countof("aXbXc", "(?i)x", "regex")"#, "2"),
        (r#"countof("aaa", "", "regex")"#, "4"),
        (r#"replace_regex("é1é2", "é(\\d)", "<\\1\\0>")"#, r#""<1é1><2é2>""#),
        (r#"replace_regex("abc", "x*", "-")"#, r#""-a-b-c-""#),
        (r#"indexof_regex("日本x", "x")"#, "2"),
        (r#"trim("^a|b$", "aabb")"#, r#""ab""#),
        (r#""a.b" matches regex regex_quote(".")"#, "true"),
        (r#""axb" matches regex strcat("^", regex_quote("a.b"), "$")"#, "false"),
        (
            r##"regex_quote("\\.+*?()|[]{}^$#&-~é ")"##,
            r##""\\\\\\.\\+\\*\\?\\(\\)\\|\\[\\]\\{\\}\\^\\$\\#\\&\\-\\~é ""##,
        ),
        (r#"extract(tostring(dynamic("b+")), 0, "abb")"#, r#""bb""#),
    ] {
        assert_eq!(answer(&format!("print {expression}")).as_deref(), Ok(want), "{expression}");
    }
    let table = "datatable(s:string, p:string)['a1','[a-z]', 'a1','[0-9]', 'a1','[', 'a1','[a-z]'] | project";
    let refused = answer(&format!("{table} extract(p, 0, s)"));
    assert_eq!(refused, Err("KS129 The expression must be a constant.".to_owned()));
    assert_eq!(answer(&format!("{table} s matches regex p")).as_deref(), Ok("true true null true"));
    let parsed =
        r"print s = 'Key=a,b; Z=1' | parse kind=regex flags=i s with @'key=' k @';\s*' * 'z=' z:long";
    assert_eq!(answer(&format!("{parsed} | project k, z")).as_deref(), Ok(r#"["a,b",1]"#));
    let pairs =
        r"print s = 'a=1;b=2' | parse-kv s as (a:long, b:long) with (regex=@'(\w)=(\d)') | project a, b";
    assert_eq!(answer(pairs).as_deref(), Ok("[1,2]"));
}

#[test]
fn more_patterns_than_are_kept() {
    let rows = "range i from 1 to 200 step 1 | extend p = strcat('^', i % 50, '$')";
    assert_eq!(answer(&format!("{rows} | where tostring(i) matches regex p | count")).as_deref(), Ok("49"));
}

#[test]
fn time_is_linear() {
    // No clock is asked: what is not linear would take minutes.
    for pattern in [
        "([a-c]*)*[b-d]",
        "(a|aa)+$b",
        "(a+)+[bc]",
        "(?:a?){30}a{30}[bc]",
        "(.*)(.*)(.*)(.*)[bc]",
        r"(\w+\w+)+\b[yz]",
    ] {
        let query = format!(
            "print s = strrep('a', 1024) | extend s = strrep(s, 20) | project s matches regex @'{pattern}'"
        );
        assert_eq!(answer(&query).as_deref(), Ok("false"), "{pattern}");
    }
}

#[test]
fn long_patterns() {
    let many =
        |one: &dyn Fn(usize) -> String, n: usize, by: &str| (0..n).map(one).collect::<Vec<_>>().join(by);
    for pattern in [
        many(&|i| format!("word{i}"), 20_000, "|"),
        many(&|i| format!("[\\w{}]", char::from(b'a' + (i % 26) as u8)), 3_000, ""),
        format!("[{}]", many(&|i| format!("\\x{{{:x}}}", 0x20000 + 2 * i), 40_000, "")),
        format!("[{}]", r"\w".repeat(20_000)),
        many(&|i| format!("(?<g{i}>a)"), 2_000, ""),
        format!("(?i){}", "ks".repeat(2_000)),
    ] {
        // Accepted or not.
        let _ = matches(&pattern, "word19999 aaa");
    }
}

/// A search is charged for what it reads: what would take minutes ends with an error, and what reads little goes on.
#[test]
fn searches_are_charged() {
    let text = |c: &str, thousands: usize| format!("print s = strrep(strrep('{c}', 1000), {thousands})");
    let slow = [
        // Each match reads to the end of the text.
        (text("a", 50), "(a+?b|a)"),
        (text("é", 50), "(é+?b|é)"),
        // The automaton gets too large.
        (text("a", 50), "((?:a{0,60}){0,60}b)"),
    ];
    for (text, pattern) in slow {
        for call in [
            "extract_all(P, s)",
            "countof(s, P, 'regex')",
            "replace_regex(s, P, 'b')",
            "indexof_regex(s, P, 0, -1, 49000)",
        ] {
            let call = call.replace('P', &format!("@'{pattern}'"));
            let said = answer(&format!("{text} | project strlen(tostring({call}))"));
            assert!(said.as_ref().is_err_and(|e| e.contains("too many steps")), "{call}: {said:?}");
        }
    }
    let kv = format!("{} | parse-kv s as (a:string) with (regex=@'(a+?b|a)(|x)')", text("a", 50));
    assert!(answer(&kv).is_err_and(|e| e.contains("too many steps")));
    // As many matches, and each search ends soon.
    for (pattern, want) in [(r"\w", "20000"), (r"a\b|a", "20000"), ("(?:a|aa)+?", "20000"), ("aaaaa", "4000")]
    {
        let query = format!("{} | project countof(s, @'{pattern}', 'regex')", text("a", 20));
        assert_eq!(answer(&query).as_deref(), Ok(want), "{pattern}");
    }
}
