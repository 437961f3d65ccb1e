//! The `regex` crate as Forepost used it, and how its answers are compared with ours.

/// As the engine built it before.
pub fn peer(pattern: &str) -> Result<regex::Regex, regex::Error> {
    regex::RegexBuilder::new(pattern).size_limit(1 << 20).build()
}

type Places = Vec<Option<(usize, usize)>>;

/// Every match with its groups, ours and theirs.
fn places(ours: &forepost_pattern::Regex, theirs: &regex::Regex, text: &str) -> (Vec<Places>, Vec<Places>) {
    let a = ours
        .captures_iter(text)
        .map(|c| (0..ours.captures_len()).map(|i| c.get(i).map(|m| (m.start(), m.end()))).collect());
    let b = theirs.captures_iter(text).map(|c| c.iter().map(|m| m.map(|m| (m.start(), m.end()))).collect());
    (a.collect(), b.collect())
}

/// Whether a pattern could be compared; `Err` says how the two differ.
pub fn compare(pattern: &str, texts: &[String]) -> Result<bool, String> {
    let (ours, theirs) = (forepost_pattern::Regex::new(pattern), peer(pattern));
    let (ours, theirs) = match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (Err(error), Err(_)) => {
            let span = error.span();
            if pattern.get(span.clone()).is_none() {
                return Err(format!("{pattern:?}: the error's place {span:?} is no part of it"));
            }
            return Ok(false);
        }
        // The one difference that is allowed: how large a program may be.
        (_, Err(regex::Error::CompiledTooBig(_))) => return Ok(false),
        (Err(error), _) if error.to_string().contains("too large") => return Ok(false),
        (Ok(_), Err(error)) => return Err(format!("{pattern:?}: accepted, but {error}")),
        (Err(error), Ok(_)) => return Err(format!("{pattern:?}: refused: {error}")),
    };
    if !ours.capture_names().eq(theirs.capture_names()) || ours.captures_len() != theirs.captures_len() {
        return Err(format!("{pattern:?}: other groups"));
    }
    for text in texts {
        let (a, b) = places(&ours, &theirs, text);
        if a != b {
            return Err(format!("{pattern:?} on {text:?}: {a:?}, not {b:?}"));
        }
        let whole: Places = ours.find_iter(text).map(|m| Some((m.start(), m.end()))).collect();
        if !whole.iter().eq(b.iter().filter_map(|m| m.first())) || ours.is_match(text) == b.is_empty() {
            return Err(format!("{pattern:?} on {text:?}: find_iter or is_match differs from captures_iter"));
        }
        let middle = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(i, _)| i);
        let at = |m: Option<(usize, usize)>| m;
        let a = at(ours.find_at(text, middle).map(|m| (m.start(), m.end())));
        let b = at(theirs.find_at(text, middle).map(|m| (m.start(), m.end())));
        if a != b {
            return Err(format!("{pattern:?} on {text:?} from {middle}: {a:?}, not {b:?}"));
        }
    }
    Ok(true)
}
