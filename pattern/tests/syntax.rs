//! Every form of the syntax by hand, hostile patterns, and the API, each compared with the `regex` crate where it can be.

mod peer;

use forepost_pattern::{Regex, escape};

const TEXTS: [&str; 22] = [
    "",
    "a",
    "ab",
    "abab",
    "aaa",
    "b a-b_c",
    "A\nb\r\nc\rd\n",
    "k K K s S ſ",
    "Σσς ß ẞ ss SS",
    "İ ı i I",
    "日本 語",
    "😀é e\u{301}",
    "x1٣९",
    " \t\u{85}\u{a0}\u{2028}",
    "foo.bar@example.com",
    "arn:aws:iam::123456789012:user/Bob",
    "{2} a{2}",
    "[a-]^\\]",
    "\u{200d}\u{200c}",
    "ABCabc",
    "#a b # c\nd",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaac",
];

/// Patterns both must accept.
const ACCEPTED: &str = r"
a|b|  (a)|(b)  (?:a)  (?P<n>a)(?<m>b)  (?<ö_1.[x]>a)  ()  (|)  a||b  |a  a|  ()*  (a*)*  (a|b*)+?  a?? a*? a+?
a{2} a{2,} a{2,3} a{2}? a{0} (a){0}(b) a{0,} a{1} a{2}{3} a{2 a{1,2}{0,2} a{ a{2}+ (?:){1000000} \b{2} ^* $+ \b?
(?i)k (?i)s (?i)ß (?i)Σ (?i)[k-l] (?i)[^k] (?i)[^\W] (?i)\p{Lu} (?i)\P{Lu} (?i)[[:lower:]&&[^k]] (?i)[a-z--k] (?i)[a-z~~K]
(?i-u)k (?i-u)é (?-u)\w+ (?-u)\d (?-u)\s (?-u)\bk (?-u)[a-z&&b-y] (?-u)é (?-u:a)b (?-u)\x{e9} (?-u)\B
(?m)^ (?m)$ (?m)^.$ (?mR)^ (?mR)$ (?mR)^.*$ (?R). (?s). . ^ $ ^$ \A\z (?m)\Aa (?m)b\z (?s-m:.^) (?U)a+ (?U)a+? (?U:a*)a*
((?i)a)b (?:(?i)a|b)a (?i:a)b a(?i)b|c (?-i)a (?im-s:^.) (?x:a) (?P<a>(?P<b>a))
\b \B \b{start} \b{end} \b{start-half} \b{end-half} \< \> \ba\b \Ba (?-u:\b{start}) (?-u:\<)
\n \t \r \a \f \v \\ \. \+ \* \? \( \) \| \[ \] \{ \} \^ \$ \# \& \- \~ \/ \@ \% \: \; \, \' \= \! \`
\x41 \x{41} \u0041 \u{41} \U00000041 \U{41} \x{1F600} \x{0000041} \u{212A}
\d \D \w \W \s \S \pL \PL \pN \pZ \pC \p{L} \p{Lu} \p{lu} \p{L_u} \p{Letter} \p{uppercaseletter} \p{Uppercase_Letter} \p{isLu}
\p{gc=Lu} \p{gc:Lu} \p{gc!=Lu} \P{gc!=Lu} \p{General_Category=Uppercase_Letter} \p{Any} \p{Assigned} \p{ASCII} \P{Any}
\p{cf} \p{sc} \p{lc} \p{LC} \p{digit} \p{punct} \p{cntrl} \p{Combining_Mark} \p{White_Space} \p{space} \p{wspace}
[a] [^a] [a-c] []a] [^]a] [-a] [a-] [--a] [a--b] [^-] [---] [a\-b] [\]] [\^] [a^] [.] [\w-] [a-z&&[^b]] [a-z--[aeiou]] [a~~b]
[a&&b] [^\w\W] [[a]b] [[^a]b] [a[b-c]] [[[[a]]]] [\d\D] [\pL] [\p{Lu}&&\p{ASCII}] [\x41-\x43] [\n\t] [a&&&&b] [&&a] [a&&] [&] [~] [a&b]
[[:alpha:]] [[:^alpha:]] [^[:alpha:]] [[:foo:]] [:alpha:] [[:alpha:]-z] [[:word:]&&a] [[:ascii:]--[:alnum:]] [[:blank:][:cntrl:][:graph:][:print:]]
[a-a] [a-z-9] [a-b-c] [é-ü] [\u{3a3}-\u{3c3}] [[:alpha]] (a)(b)?c|d (a|ab)(c|bcd)(d*) (?:a|ab)(?:c|bcd) (a+)(b+)? (a?)(a?)(a?)aaa
";

/// Patterns both must refuse.
const REFUSED: &str = r"
( ) (a (a)) [ [a [] [^] [a-- a** * + ? {2} |* (*) (?i)* a{2,1} a{99999999999} a{} a{,} a{,3} a{2,x} a{2,
(?=a) (?!a) (?<=a) (?<!a) \1 \8 \0 (?P=a) (?P<a>a)(?P<a>b) (?P<>a) (?P<1>a) (?P<a (?P<a-b>a) (?<a>a)(?<a>) (? (?a) (?ii) (?i-i)
(?-) (?i-) (?--i) (?i (?#a) (?>a) \Q \E \G \Z \c \e \h \i \j \k \l \m \o \q \y \C \X \R \N
\x \x4 \xGG \x{} \x{110000} \x{D800} \x{ \x{41 \u004 \u{} \U0000004 \U00110000 \p \p{ \p{} \pX \p\ \p{Greek} \p{Script=Greek}
\p{Alphabetic} \p{alpha} \p{Age=6.0} \p{isc} \p{cs} \p{Surrogate} \p{^L} \p{gc=space} \p{gc=} \p{=Lu} \p{Emoji} \p{scx=Grek} \p{Lu=gc}
[b-a] [\d-a] [a-\d] [\b] [\A] [\B] [\<] [a-\b] [[:alpha:]-] [[a]-z [z-a] [\x{110000}] [\p{Greek}] [a&&[b] é{ é? * \é
\b{foo} \b{ \b{start \b{start- (?-u). (?-u)\W (?-u)\D (?-u)\S (?-u)[^a] (?-u)\xFF (?-u)[\xFF] (?-u)[é] (?-u)\pL (?-u)[[:^alpha:]] (?s-u).
";

#[test]
fn what_is_accepted() {
    let texts = TEXTS.map(String::from);
    let mut forms: Vec<&str> = ACCEPTED.split_whitespace().filter(|p| !matches!(*p, "a{2" | "a{")).collect();
    forms.extend([
        "(?x) a b # c\n d",
        "(?x)[a b]",
        "(?x)a {2} ?",
        "(?x)a # b",
        "(?x)\\ #\n a",
        "(?x)[ a - c ]",
    ]);
    forms.extend([
        "(?x)( ?i: a )",
        "a{ 2 }",
        "a{ 2 , 3 }",
        "(?x: a b )c d",
        "(?x)a(?-x) b",
        "(?x)[a - # ]\n]",
        r"(?x)\x{ 4 1 }",
    ]);
    forms.extend([
        r"(?x)\p{ L u }",
        r"(?x)\b{ start }",
        "(?x)[ ^ a]",
        "[a b]",
        "a b",
        "(?x)a\u{2028}b",
        "\\ ",
        "\\\n",
        "\\\u{7f}",
    ]);
    for pattern in forms {
        assert_eq!(peer::compare(pattern, &texts), Ok(true), "{pattern}");
    }
}

#[test]
fn what_is_refused() {
    let texts = TEXTS.map(String::from);
    let forms = REFUSED.split_whitespace().chain([
        "(?x)(?i )a",
        "a{2,3 4}",
        "(?x)a * ? ?*",
        "\\",
        "a{2, }",
        "(?x)[a #",
    ]);
    let accepted = ["?", "*", "z", "]"];
    for pattern in forms.filter(|p| !accepted.contains(p)) {
        match (Regex::new(pattern), peer::peer(pattern)) {
            (Err(error), Err(_)) => {
                assert!(pattern.get(error.span()).is_some(), "{pattern}: {error} at {:?}", error.span());
            }
            (ours, theirs) => {
                assert_eq!(ours.is_ok(), theirs.is_ok(), "{pattern}: {:?}", peer::compare(pattern, &texts))
            }
        }
    }
}

#[test]
fn messages_say_what_and_where() {
    let message = |p: &str| Regex::new(p).map_or_else(|e| format!("{e} @{:?}", e.span()), |_| String::new());
    assert_eq!(message("a(b"), "a group is not closed @1..2");
    assert_eq!(message("ab)"), "a group is closed that was not opened @2..3");
    assert_eq!(message("a[b"), "a class is not closed @1..2");
    assert_eq!(message("x(?=b)"), "look-around is not supported @1..4");
    assert_eq!(message(r"(a)\1"), r"back references are not supported @3..5");
    assert_eq!(message("a{3,2}"), "a repetition's counts are the wrong way round @1..5");
    assert_eq!(message("*"), "there is nothing to repeat @0..1");
    assert_eq!(message("a{9999999}"), "it is too large @0..10");
}

#[test]
fn nesting_is_limited_as_in_the_crate() {
    // The crate goes down as deep as the pattern, and needs more stack than a test has.
    std::thread::Builder::new().stack_size(1 << 25).spawn(nesting).unwrap().join().unwrap();
    for open in ["(", "[", "(?i:", "[^", "a|(", "(?x:", "[a--["] {
        assert!(Regex::new(&open.repeat(100_000)).is_err());
    }
}

fn nesting() {
    let around = |open: &str, n: usize, close: &str| format!("{}a{}", open.repeat(n), close.repeat(n));
    for n in [100, 123, 124, 125, 126, 247, 248, 249, 250, 251, 252, 300] {
        let patterns = [
            around("(", n, ")"),
            around("(?:", n, ")"),
            around("[", n, "]"),
            around("(?:b", n, ")"),
            around("(b|", n, ")"),
            around("[b", n, "]"),
            around("", n, "*"),
            around("(", n, ")*"),
            format!("[{}]", vec!["a"; n].join("--")),
            around("[b&&", n, "]"),
            format!("({}", around("(", n, "))")),
            format!("b{}", around("(", n, ")")),
        ];
        for pattern in patterns {
            let compared = peer::compare(&pattern, &["aab".to_owned()]);
            assert!(compared.is_ok(), "{n}: {compared:?}");
        }
    }
}

#[test]
fn no_pattern_is_too_much() {
    for refused in [
        r"\w{1000}{1000}",
        "a{4294967295}",
        "(?:a{1000}){1000}",
        "((a{100}){100}){100}",
        r"(?:[a&&b]){1000000}",
    ] {
        assert!(Regex::new(refused).is_err(), "{refused}");
    }
    // What the crate accepts within its limit, so do we.
    for accepted in [
        r"\w{100}",
        r"\p{L}{20}",
        r"(\w{1,30}\.){1,10}",
        r"[\w.+-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63}){1,4}",
        "a{10000}",
    ] {
        assert!(Regex::new(accepted).is_ok(), "{accepted}");
        assert!(Regex::new(&format!("(?i){accepted}")).is_ok(), "{accepted}");
    }
    let many =
        |one: &dyn Fn(usize) -> String, n: usize, by: &str| (0..n).map(one).collect::<Vec<_>>().join(by);
    // Long, but no longer to read than to write; accepted or not.
    let long = [
        many(&|i| format!("word{i}"), 20_000, "|"),
        many(&|i| format!("[\\w{}]", char::from_u32(0x2000 + i as u32).unwrap()), 3_000, ""),
        format!("[{}]", many(&|i| format!("\\x{{{:x}}}", 0x20000 + 2 * i), 40_000, "")),
        format!("[{}]", r"\w".repeat(20_000)),
        many(&|i| format!("(?<g{i}>a)"), 2_000, ""),
        "a?".repeat(20_000),
        format!("(?i){}", "ks".repeat(2_000)),
    ];
    for pattern in long {
        let started = std::time::Instant::now();
        let _ = Regex::new(&pattern).map(|r| r.is_match("word19999 aaa"));
        assert!(
            started.elapsed().as_secs() < 10,
            "{:?} {}",
            started.elapsed(),
            pattern.get(..40).unwrap_or_default()
        );
    }
}

#[test]
fn time_is_linear() {
    let text = "a".repeat(20_000);
    let started = std::time::Instant::now();
    for pattern in ["(a*)*b", "(a|aa)+$b", "(a+)+b", "(?:a?){30}a{30}b", "(.*)(.*)(.*)(.*)b", "(x+x+)+y|b"] {
        assert!(!Regex::new(pattern).unwrap().is_match(&text), "{pattern}");
    }
    // Only at the start: not looked for anywhere else.
    let anchored = Regex::new("^b.*").unwrap();
    let whole = text.repeat(50);
    for _ in 0..100 {
        assert!(anchored.find(&whole).is_none());
    }
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn matches_groups_and_names() {
    let r = Regex::new(r"(?P<user>\w+)@(\w+)(?:\.(?<top>com|de))?").unwrap();
    assert_eq!(r.captures_len(), 4);
    assert_eq!(r.capture_names().collect::<Vec<_>>(), [None, Some("user"), None, Some("top")]);
    let text = "an äbc@host.de, x@y";
    let m = r.find(text).unwrap();
    assert_eq!((m.start(), m.end(), m.range(), m.as_str()), (3, 15, 3..15, "äbc@host.de"));
    let all: Vec<_> = r.captures_iter(text).collect();
    let group = |i: usize, g: usize| all[i].get(g).map(|m| m.as_str());
    assert_eq!([group(0, 1), group(0, 2), group(0, 3)], [Some("äbc"), Some("host"), Some("de")]);
    assert_eq!([group(1, 0), group(1, 3), group(1, 9)], [Some("x@y"), None, None]);
    assert!(r.captures("nobody").is_none());
    assert!(all[0].get(usize::MAX).is_none());
}

#[test]
fn places_inside_and_behind_a_text() {
    let r = Regex::new("^é|$").unwrap();
    assert!(r.find_at("é", 99).is_none());
    assert_eq!(r.find_at("é", 2).map(|m| m.range()), Some(2..2));
    // A search inside another one of the same pattern.
    let word = Regex::new(r"\w+").unwrap();
    let found: Vec<bool> = word.find_iter("a bb").map(|m| word.is_match(m.as_str())).collect();
    assert_eq!(found, [true, true]);
}

#[test]
fn escaped_text_matches_itself() {
    let all: String = (0..0x250).filter_map(char::from_u32).collect();
    assert_eq!(escape(&all), regex::escape(&all));
    assert_eq!(
        Regex::new(&format!("^{}$", escape(&all))).unwrap().find(&all).map(|m| m.end()),
        Some(all.len())
    );
}
