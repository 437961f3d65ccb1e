//! Every table against `regex-syntax` and the standard library, at every code point; and what writes the tables.

use super::{fold, in_categories, named, space, to_lower, to_upper, word};
use crate::set::{self, Set};
use regex_syntax::hir::{Class, HirKind};

const CATEGORIES: [&str; 30] = [
    "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf",
    "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Co", "Cn", "Cs",
];

/// Surrogates, which are no characters; `regex-syntax` leaves them out of everything.
const SURROGATES: [(u32, u32); 1] = [(0xD800, 0xDFFF)];

fn peer(pattern: &str) -> Set {
    let one = |c: u32| vec![(c, c)];
    match regex_syntax::parse(pattern).unwrap().kind() {
        HirKind::Class(Class::Unicode(c)) => c.iter().map(|r| (r.start() as u32, r.end() as u32)).collect(),
        HirKind::Class(Class::Bytes(c)) => c.iter().map(|r| (r.start().into(), r.end().into())).collect(),
        HirKind::Literal(l) => one(std::str::from_utf8(&l.0).unwrap().chars().next().unwrap() as u32),
        other => panic!("{pattern}: {other:?}"),
    }
}

fn without_surrogates(set: &[(u32, u32)]) -> Set {
    set::combine(set, &SURROGATES, set::DIFFERENCE)
}

/// Ranges as `regex-syntax` has them: what touches across the surrogates is one range there.
fn same(ours: &[(u32, u32)], theirs: &[(u32, u32)]) -> bool {
    without_surrogates(ours) == without_surrogates(&set::from_ranges(theirs))
}

fn chars() -> impl Iterator<Item = char> {
    (0..=0x10FFFF).filter_map(char::from_u32)
}

/// The simple capital form by the standard library, which has full ones: where that is several characters, Unicode has a
/// simple one only if there is a title form (`ᾳ` and `ᾼ`).
fn simple_upper(c: char) -> char {
    let mut full = c.to_uppercase();
    match (c, full.next(), full.next()) {
        ('ı', ..) => c,
        (_, Some(one), None) => one,
        _ => peer(r"\p{Lt}")
            .into_iter()
            .flat_map(|(a, b)| a..=b)
            .filter_map(char::from_u32)
            .find(|t| t.to_lowercase().eq([c]))
            .unwrap_or(c),
    }
}

fn simple_lower(c: char) -> char {
    if c == 'İ' { c } else { c.to_lowercase().next().unwrap() }
}

#[test]
fn categories_and_groups() {
    let names = "C L LC M N P S Z Any Assigned ASCII Uppercase_Letter isCntrl punct Decimal-Number \
        Lowercase_Letter Titlecase_Letter Modifier_Letter Other_Letter Nonspacing_Mark Spacing_Mark Enclosing_Mark digit \
        Letter_Number Other_Number Connector_Punctuation Dash_Punctuation Open_Punctuation Close_Punctuation \
        Initial_Punctuation Final_Punctuation Other_Punctuation Math_Symbol Currency_Symbol Modifier_Symbol Other_Symbol \
        Space_Separator Line_Separator Paragraph_Separator Control Format Private_Use Unassigned Other Letter \
        Cased_Letter Mark Combining_Mark Number Punctuation Symbol Separator";
    for name in names.split_whitespace().chain(CATEGORIES.into_iter().filter(|c| *c != "Cs")) {
        let ours = name.to_lowercase().replace(['_', '-'], "");
        let ours = named(ours.strip_prefix("is").unwrap_or(&ours)).expect(name);
        assert!(same(&ours, &peer(&format!(r"\p{{{name}}}"))), "{name}");
    }
    assert_eq!(in_categories(1 << 29), SURROGATES);
    for refused in ["", "cs", "surrogate", "greek", "alphabetic", "lu uppercaseletter", "^l"] {
        assert!(named(refused).is_none(), "{refused}");
    }
}

#[test]
fn perl_classes() {
    assert!(same(&word(), &peer(r"\w")));
    assert!(same(&space(), &peer(r"\s")));
    assert!(same(&in_categories(super::DIGIT), &peer(r"\d")));
}

#[test]
fn case_of_every_character() {
    for c in chars() {
        if c < '\u{20000}' {
            assert_eq!(to_lower(c), simple_lower(c), "{c:?}");
            assert_eq!(to_upper(c), simple_upper(c), "{c:?}");
        } else {
            // The table has 17 bits for a character, so nothing there has another case.
            assert!(c.to_lowercase().eq([c]) && c.to_uppercase().eq([c]), "{c:?}");
        }
    }
    let examples = ['İ', 'ı', 'ſ', 'K', 'ß', 'ẞ', 'ς', 'Σ', 'ǅ', 'ŉ', 'ᾳ', 'ᾼ'];
    assert_eq!(examples.map(to_lower), ['İ', 'ı', 'ſ', 'k', 'ß', 'ß', 'ς', 'σ', 'ǆ', 'ŉ', 'ᾳ', 'ᾳ']);
    assert_eq!(examples.map(to_upper), ['İ', 'ı', 'S', 'K', 'ß', 'ẞ', 'Σ', 'Σ', 'Ǆ', 'ŉ', 'ᾼ', 'ᾼ']);
}

#[test]
fn folding_of_every_character() {
    // Behind these, nothing has cases, as the ranges below show.
    for c in chars().take_while(|c| *c < '\u{20000}') {
        let one = [(u32::from(c), u32::from(c))];
        let ours = fold(&one);
        // Of what has no other case, the peer is asked for ranges.
        if ours != one || u32::from(c) < 0x3000 {
            assert_eq!(ours, peer(&format!("(?i)[\\x{{{:x}}}]", one[0].0)), "{c:?}");
        }
    }
    for first in (0..0x11_0000).step_by(500).filter(|c| !(0xD600..0xE000).contains(c)) {
        let last = (first + 499).min(0x10_FFFF);
        let theirs = peer(&format!("(?i)[\\x{{{first:x}}}-\\x{{{last:x}}}]"));
        assert!(same(&fold(&[(first, last)]), &theirs), "{first:x}");
    }
    for name in ["Lu", "Ll", "L", "Mn", "N"] {
        let theirs = peer(&format!(r"(?i)\p{{{name}}}"));
        assert!(same(&fold(&named(&name.to_lowercase()).unwrap()), &theirs), "{name}");
    }
}

/// `cargo test -p forepost-pattern -- --ignored write_tables`, where `regex-syntax` or the standard library has a newer Unicode.
#[test]
#[ignore = "writes the tables"]
fn write_tables() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/unicode");
    std::fs::write(format!("{folder}/categories.bin"), category_runs()).unwrap();
    std::fs::write(format!("{folder}/case.rs"), case_runs()).unwrap();
}

fn category_runs() -> Vec<u8> {
    let mut of = vec![29u8; 0x11_0000];
    for (number, name) in CATEGORIES.iter().enumerate().filter(|(_, name)| **name != "Cs") {
        for (first, last) in without_surrogates(&peer(&format!(r"\p{{{name}}}"))) {
            of[first as usize..=last as usize].fill(number as u8);
        }
    }
    let mut out = Vec::new();
    for run in of.chunk_by(|a, b| a == b) {
        let more = run.len() - 1;
        out.push(run[0] | (more.min(7) << 5) as u8);
        let mut rest = more.checked_sub(7);
        while let Some(n) = rest {
            out.push((n & 0x7F) as u8 | if n > 0x7F { 0x80 } else { 0 });
            rest = (n > 0x7F).then_some(n >> 7);
        }
    }
    out
}

fn case_runs() -> String {
    // Pairs by their distance and kinds.
    let mut pairs = std::collections::BTreeMap::<(u32, u32), u32>::new();
    let mut add = |capital: char, small: char, kind| {
        if capital != small {
            *pairs.entry((capital.into(), small.into())).or_default() |= kind;
        }
    };
    for c in chars() {
        add(c, simple_lower(c), super::LOWER);
        add(simple_upper(c), c, super::UPPER);
        let same: Vec<char> = peer(&format!("(?i)[\\x{{{:x}}}]", u32::from(c)))
            .into_iter()
            .flat_map(|(a, b)| a..=b)
            .filter_map(char::from_u32)
            .collect();
        // The one that most have as their small form.
        let common = *same
            .iter()
            .max_by_key(|s| (same.iter().filter(|c| simple_lower(**c) == **s).count(), **s))
            .unwrap();
        add(c, common, super::FOLD);
    }
    let mut by_distance = std::collections::BTreeMap::<(i64, u32), Vec<u32>>::new();
    for ((capital, small), kinds) in pairs {
        by_distance.entry((i64::from(small) - i64::from(capital), kinds)).or_default().push(capital);
    }
    let mut runs = Vec::new();
    for ((delta, kinds), capitals) in by_distance {
        let mut rest = &capitals[..];
        while let Some(&first) = rest.first() {
            let length = |stride: u32| {
                rest.iter()
                    .enumerate()
                    .take(128)
                    .take_while(|(i, c)| **c == first + *i as u32 * stride)
                    .count()
            };
            let stride = if length(2) > length(1) { 2 } else { 1 };
            let count = length(stride);
            runs.push((first | (count as u32 - 1) << 17 | (stride - 1) << 24 | kinds << 25, delta));
            rest = &rest[count..];
        }
    }
    runs.sort_by_key(|(packed, _)| packed & 0x1_FFFF);
    let mut out = String::from(
        "//! Generated by `tests.rs`: pairs of a capital character and its small form, in runs. Of the number: 17 bits for the\n\
         //! first capital, 7 for how many more there are, 1 for the stride less 1, 3 for the kinds. Then how far the small\n\
         //! form is behind the capital.\n\n#[rustfmt::skip]\n",
    );
    out.push_str(&format!("pub const RUNS: [(u32, i32); {}] = [", runs.len()));
    for (i, (packed, delta)) in runs.iter().enumerate() {
        out.push_str(if i % 6 == 0 { "\n    " } else { " " });
        out.push_str(&format!("({packed}, {delta}),"));
    }
    out.push_str("\n];\n");
    out
}
