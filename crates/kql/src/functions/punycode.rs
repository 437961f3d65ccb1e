//! Punycode. Source: RFC 3492.

const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const INITIAL_BIAS: u32 = 72;
const INITIAL_N: u32 = 128;

/// The longest text in characters: a host name's label has at most 63; the work grows with the square.
const MAX_CHARS: usize = 1024;

fn adapt(delta: u32, points: u32, first: bool) -> u32 {
    let mut delta = if first { delta / DAMP } else { delta / 2 };
    delta += delta / points;
    let mut k = 0;
    while delta > (BASE - T_MIN) * T_MAX / 2 {
        delta /= BASE - T_MIN;
        k += BASE;
    }
    k + (BASE - T_MIN + 1) * delta / (delta + SKEW)
}

fn threshold(k: u32, bias: u32) -> u32 {
    k.saturating_sub(bias).clamp(T_MIN, T_MAX)
}

fn digit(d: u32) -> char {
    char::from_digit(d + 10, BASE)
        .filter(|_| d < 26)
        .or_else(|| char::from_digit(d.wrapping_sub(26), 10))
        .unwrap_or('0')
}

/// The Punycode of a text. `None` if it is too long.
pub fn encode(text: &str) -> Option<String> {
    let chars: Vec<u32> = text.chars().map(u32::from).collect();
    if chars.len() > MAX_CHARS {
        return None;
    }
    let mut out: String = text.chars().filter(char::is_ascii).collect();
    let basic = out.len() as u32;
    let mut handled = basic;
    if basic > 0 && (basic as usize) < chars.len() {
        out.push('-');
    }
    let (mut n, mut delta, mut bias) = (INITIAL_N, 0_u32, INITIAL_BIAS);
    while (handled as usize) < chars.len() {
        let next = chars.iter().copied().filter(|c| *c >= n).min()?;
        delta = delta.checked_add((next - n).checked_mul(handled + 1)?)?;
        n = next;
        for c in &chars {
            if *c < n {
                delta = delta.checked_add(1)?;
            }
            if *c != n {
                continue;
            }
            let (mut q, mut k) = (delta, BASE);
            loop {
                let t = threshold(k, bias);
                if q < t {
                    break;
                }
                out.push(digit(t + (q - t) % (BASE - t)));
                q = (q - t) / (BASE - t);
                k += BASE;
            }
            out.push(digit(q));
            bias = adapt(delta, handled + 1, handled == basic);
            delta = 0;
            handled += 1;
        }
        delta = delta.checked_add(1)?;
        n = n.checked_add(1)?;
    }
    Some(out)
}

/// The text of a Punycode. `None` if it is none.
pub fn decode(text: &str) -> Option<String> {
    if text.len() > MAX_CHARS * 4 || !text.is_ascii() {
        return None;
    }
    let (basic, rest) = text.rsplit_once('-').unwrap_or(("", text));
    let mut out: Vec<char> = basic.chars().collect();
    let (mut n, mut i, mut bias) = (INITIAL_N, 0_u32, INITIAL_BIAS);
    let mut digits = rest.chars();
    while !digits.as_str().is_empty() {
        let (before, mut weight, mut k) = (i, 1_u32, BASE);
        loop {
            let c = digits.next()?;
            let d =
                if c.is_ascii_digit() { u32::from(c) - u32::from('0') + 26 } else { c.to_digit(BASE)? - 10 };
            i = i.checked_add(d.checked_mul(weight)?)?;
            let t = threshold(k, bias);
            if d < t {
                break;
            }
            weight = weight.checked_mul(BASE - t)?;
            k += BASE;
        }
        let points = out.len() as u32 + 1;
        bias = adapt(i - before, points, before == 0);
        n = n.checked_add(i / points)?;
        i %= points;
        if out.len() >= MAX_CHARS {
            return None;
        }
        out.insert(i as usize, char::from_u32(n)?);
        i += 1;
    }
    Some(out.into_iter().collect())
}

/// A domain name with every label beyond ASCII encoded.
pub fn domain_from_text(text: &str) -> Option<String> {
    let label = |l: &str| if l.is_ascii() { Some(l.to_owned()) } else { Some(format!("xn--{}", encode(l)?)) };
    text.split('.').map(label).collect::<Option<Vec<_>>>().map(|labels| labels.join("."))
}

/// A domain name with every encoded label decoded.
pub fn domain_to_text(text: &str) -> Option<String> {
    let label = |l: &str| l.strip_prefix("xn--").map_or_else(|| Some(l.to_owned()), decode);
    text.split('.').map(label).collect::<Option<Vec<_>>>().map(|labels| labels.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        // Samples of RFC 3492 §7.1, and edges.
        for (text, code) in [
            ("他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"),
            ("Pročprostěnemluvíčesky", "Proprostnemluvesky-uyb24dma41a"),
            ("3年B組金八先生", "3B-ww4c5e180e575a65lsy2b"),
            ("abc", "abc"),
            ("", ""),
        ] {
            assert_eq!(encode(text).as_deref(), Some(code));
            if code != "abc" {
                assert_eq!(decode(code).as_deref(), Some(text));
            }
        }
        for bad in ["é", "a-é", "99999999999", "-\u{0}"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
