//! "Did you mean …?"

/// The name nearest to a misspelt one, if any is near enough to be meant.
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    let most = match length {
        0..=2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    names
        .into_iter()
        // Each letter more or less is an edit.
        .filter(|name| name.chars().count().abs_diff(length) <= most)
        .map(|name| (distance(&word.to_ascii_lowercase(), &name.to_ascii_lowercase()), name))
        .filter(|(d, name)| *d <= most && *d < name.chars().count())
        .min_by_key(|(d, _)| *d)
        .map(|(_, name)| name)
}

/// Edits from one word to another: insert, delete, replace, swap neighbours. Long words are not compared.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let above = &rows[i - 1];
            let mut best =
                (above[j] + 1).min(row[j - 1] + 1).min(above[j - 1] + usize::from(a[i - 1] != b[j - 1]));
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn nearest_names() {
        let names = ["queryPeriod", "queryFrequency", "severity", "id"];
        assert_eq!(nearest("queryperiod", names), Some("queryPeriod"));
        assert_eq!(nearest("sevrity", names), Some("severity"));
        assert_eq!(nearest("colour", names), None);
        assert_eq!(nearest("", names), None);
    }

    #[test]
    fn edits() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("where", "wehre"), 1);
        assert_eq!([distance("", ""), distance("", "ab"), distance("ab", "")], [0, 2, 2]);
    }
}
