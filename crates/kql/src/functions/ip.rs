//! IPv4 and IPv6 addresses. An address can carry a prefix (`10.0.0.1/8`), which masks it. What is no address makes
//! the answer null. Source: Microsoft's docs of each.

use super::call::{Call, list_items};
use super::{
    BOOL, DYNAMIC, Function, LONG, Naming, STRING, integer, one_of, optional, repeated, scalar, text,
    text_or_dynamic,
};
use crate::value::{Type, Value, text as value_text};
use std::borrow::Cow;
use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr};

const NONE: Naming = Naming::None;
const TEXT_OR_ARRAY: &[Type] = &[Type::String, Type::Dynamic];

/// The family.
pub static FUNCTIONS: &[Function] = &[
    function!("format_ipv4"(scalar("ip"), optional(integer("prefix"))) -> STRING, NONE,
        "Formats an IPv4 address (text or number), masked by the prefix. Returns the empty string for an invalid address.",
        [("format_ipv4('192.168.1.1', 24)", "192.168.1.0"), ("format_ipv4(3232235777)", "192.168.1.1")],
        |c| format_v4(c).map_or_else(|| c.missing(), |(a,
        _)| Value::from(Ipv4Addr::from_bits(a).to_string()))),
    function!("format_ipv4_mask"(scalar("ip"), optional(integer("prefix"))) -> STRING, NONE,
        "Formats an IPv4 network in CIDR notation. Returns the empty string for an invalid address.",
        [("format_ipv4_mask('192.168.1.1', 24)", "192.168.1.0/24")],
        |c| format_v4(c).map_or_else(|| c.missing(), |(a, p)| Value::from(cidr(a, p)))),
    function!("has_any_ipv4"(text_or_dynamic("source"), repeated(one_of("ips", TEXT_OR_ARRAY))) -> BOOL, NONE,
        "Returns whether text contains any of several IPv4 addresses.",
        [("has_any_ipv4('a 127.0.0.1 b', '10.0.0.1', '127.0.0.1')", "true"),
         ("has_any_ipv4('a 127.0.0.1 b', dynamic(['127.0.0.2']))", "false")],
        |c| has_v4(c, delimited, false)),
    function!("has_any_ipv4_prefix"(text_or_dynamic("source"), repeated(one_of("ip_prefixes", TEXT_OR_ARRAY)))
            -> BOOL, NONE, "Returns whether text contains an IPv4 address that starts with any of several prefixes.",
        [("has_any_ipv4_prefix('a 127.0.0.1 b', '10.', '127.0.')", "true")],
        |c| has_v4(c, delimited, true)),
    function!("has_ipv4"(text_or_dynamic("source"), text("ip")) -> BOOL, NONE,
        "Returns whether text contains an IPv4 address.",
        [("has_ipv4('05:04 127.0.0.1 GET', '127.0.0.1')", "true"), ("has_ipv4('127.0.0.256', '127.0.0.256')",
        "false"),
         ("has_ipv4('127.0.0.12', '127.0.0.1')", "false")],
         |c| has_v4(c, |_, _| true, false)),
    function!("has_ipv4_prefix"(text_or_dynamic("source"), text("ip_prefix")) -> BOOL, NONE,
        "Returns whether text contains an IPv4 address that starts with a prefix. A prefix is whole parts with a dot at the end.",
        [("has_ipv4_prefix('x 127.0.0.1', '127.0.')", "true"), ("has_ipv4_prefix('x 127.0.0.1', '127.0')",
        "false")],
        |c| has_v4(c, |_, _| true, true)),
    function!("ipv4_compare"(text("ip1"), text("ip2"), optional(integer("prefix"))) -> LONG, NONE,
        "Compares two IPv4 addresses under the shorter prefix. Returns -1, 0 or 1 if the first is lower, equal or higher.",
        [("ipv4_compare('192.168.1.1/24', '192.168.1.255')", "0"), ("ipv4_compare('1.1.1.1', '1.1.1.2')",
        "-1")],
        |c| compare_v4(c).map_or(Value::Null, |o| Value::Long(o as i64))),
    function!("ipv4_is_in_any_range"(text_or_dynamic("ip"), repeated(one_of("ranges", TEXT_OR_ARRAY)))
            -> BOOL, NONE,
        "Returns whether an address is in any of several networks.",
        [("ipv4_is_in_any_range('192.168.1.6', '10.0.0.0/8', '192.168.1.0/24')", "true"),
         ("ipv4_is_in_any_range('1.2.3.4', dynamic(['10.0.0.0/8']))", "false")],
        |c| in_any(c, |ip, range| Some(in_range_v4(parse_v4(ip)?, parse_v4(range)?)))),
    function!("ipv4_is_in_range"(text("ip"), text("ip_range")) -> BOOL, NONE,
            "Returns whether an address is in a network.",
    [("ipv4_is_in_range('192.168.1.6', '192.168.1.0/24')", "true"),
    ("isnull(ipv4_is_in_range('x', '1.2.3.4'))", "true")],
    |c| match (parse_v4(&c.text(0)), parse_v4(&c.text(1))) {
        (Some(ip), Some(range)) => Value::Bool(in_range_v4(ip, range)),
        _ => Value::Null,
    }),
    function!("ipv4_is_match"(text("ip1"), text("ip2"), optional(integer("prefix"))) -> BOOL, NONE,
        "Returns whether two IPv4 addresses are equal under the shorter prefix.",
        [("ipv4_is_match('192.168.1.1/24', '192.168.1.255')", "true")],
        |c| compare_v4(c).map_or(Value::Null, |o| Value::Bool(o.is_eq()))),
    function!("ipv4_is_private"(text("ip")) -> BOOL, NONE,
        "Returns whether an IPv4 address is in a private network (RFC 1918).",
        [("ipv4_is_private('10.1.2.3')", "true"), ("ipv4_is_private('127.0.0.1')", "false")],
        |c| parse_v4(&c.text(0)).map_or(Value::Null,
        |ip| Value::Bool(Ipv4Addr::from_bits(ip.0).is_private()))),
    function!("ipv4_netmask_suffix"(text("ip")) -> LONG, NONE, "Returns the prefix length of an IPv4 address, or 32 if it has none.",
        [("ipv4_netmask_suffix('10.1.2.3/8')", "8"), ("ipv4_netmask_suffix('10.1.2.3')", "32")],
        |c| parse_v4(&c.text(0)).map_or(Value::Null, |(_, p)| Value::Long(p.into()))),
    function!("ipv4_range_to_cidr_list"(text("start_ip"), text("end_ip")) -> DYNAMIC, NONE,
        "Returns the networks that cover a range of IPv4 addresses.",
        [("ipv4_range_to_cidr_list('1.1.128.0', '1.1.140.255')",
        r#"["1.1.128.0/21","1.1.136.0/22","1.1.140.0/24"]"#)],
        cidr_list),
    function!("ipv6_compare"(text("ip1"), text("ip2"), optional(integer("prefix"))) -> LONG, NONE,
        "Compares two IPv4 or IPv6 addresses, like ipv4_compare.", [("ipv6_compare('192.168.1.1', '::ffff:c0a8:0101')",
        "0")],
        |c| compare_v6(c).map_or(Value::Null, |o| Value::Long(o as i64))),
    function!("ipv6_is_in_any_range"(text_or_dynamic("ip"), repeated(one_of("ranges", TEXT_OR_ARRAY)))
            -> BOOL, NONE,
        "Returns whether an address is in any of several networks.",
        [("ipv6_is_in_any_range('a5e::1', 'a5f::/16', 'a5e::/16')", "true")],
        |c| in_any(c, |ip, range| Some(in_range_v6(parse_v6(ip)?, parse_v6(range)?)))),
    function!("ipv6_is_in_range"(text("ip"), text("ip_range")) -> BOOL, NONE,
            "Returns whether an address is in a network.",
    [("ipv6_is_in_range('a5e::1', 'a5e::/16')", "true")],
    |c| match (parse_v6(&c.text(0)), parse_v6(&c.text(1))) {
        (Some(ip), Some(range)) => Value::Bool(in_range_v6(ip, range)),
        _ => Value::Null,
    }),
    function!("ipv6_is_match"(text("ip1"), text("ip2"), optional(integer("prefix"))) -> BOOL, NONE,
        "Returns whether two IPv4 or IPv6 addresses are equal, like ipv4_is_match.", [("ipv6_is_match('fe80::1/120', 'fe80::2')",
        "true")],
        |c| compare_v6(c).map_or(Value::Null, |o| Value::Bool(o.is_eq()))),
    function!("parse_ipv4"(text("ip")) -> LONG, NONE, "Converts an IPv4 address to a number.",
        [("parse_ipv4('192.168.1.1')", "3232235777"), ("parse_ipv4('192.168.1.1/24')", "3232235776")],
        |c| parse_v4(&c.text(0)).map_or(Value::Null, |(a, _)| Value::Long(a.into()))),
    function!("parse_ipv4_mask"(text("ip"), integer("prefix")) -> LONG, NONE,
            "Converts an IPv4 address to a number after masking it.",
    [("parse_ipv4_mask('127.0.0.1', 24)", "2130706432")],
    |c| parse_v4(&c.text(0)).and_then(|ip| Some(narrow_v4(ip, prefix(c, 1, 32)?))).map_or(Value::Null, |(a,
    _)| {
        Value::Long(a.into())
    })),
    function!("parse_ipv6"(text("ip")) -> STRING, NONE,
        "Converts an IPv4 or IPv6 address to the full form of IPv6. Returns the empty string for an invalid address.",
        [("parse_ipv6('127.0.0.1')", "0000:0000:0000:0000:0000:ffff:7f00:0001")],
        |c| parse_v6(&c.text(0)).map_or_else(|| c.missing(), |(a, _)| full(a))),
    function!("parse_ipv6_mask"(text("ip"), integer("prefix")) -> STRING, NONE,
    "Converts an IPv4 or IPv6 address like parse_ipv6, masked by a prefix of up to 128 bits.",
    [("parse_ipv6_mask('fe80::85d:e82c:9446:7994', 120)", "fe80:0000:0000:0000:085d:e82c:9446:7900")],
    |c| {
        let masked = parse_v6(&c.text(0)).and_then(|ip| Some(narrow_v6(ip, prefix(c, 1, 128)?)));
        masked.map_or_else(|| c.missing(), |(a, _)| full(a))
    }),
];

/// An address, masked, and its prefix.
type V4 = (u32, u32);
type V6 = (u128, u32);

fn mask_v4(prefix: u32) -> u32 {
    u32::MAX.checked_shl(32 - prefix.min(32)).unwrap_or(0)
}

fn mask_v6(prefix: u32) -> u128 {
    u128::MAX.checked_shl(128 - prefix.min(128)).unwrap_or(0)
}

fn narrow_v4((a, p): V4, prefix: u32) -> V4 {
    let p = p.min(prefix);
    (a & mask_v4(p), p)
}

fn narrow_v6((a, p): V6, prefix: u32) -> V6 {
    let p = p.min(prefix);
    (a & mask_v6(p), p)
}

/// An address and the prefix behind it, `most` if there is none.
fn parts(text: &str, most: u32) -> Option<(&str, u32)> {
    let Some((address, prefix)) = text.split_once('/') else { return Some((text, most)) };
    let digits = !prefix.is_empty() && prefix.len() <= 3 && prefix.bytes().all(|b| b.is_ascii_digit());
    let prefix = prefix.parse().ok().filter(|p| digits && *p <= most)?;
    Some((address, prefix))
}

/// An IPv4 address with or without a prefix.
pub fn parse_v4(text: &str) -> Option<V4> {
    let (address, prefix) = parts(text.trim(), 32)?;
    let address: Ipv4Addr = address.parse().ok()?;
    Some(narrow_v4((address.to_bits(), 32), prefix))
}

/// An address of either kind. Behind a form with dots the prefix is one of IPv4.
pub fn parse_v6(text: &str) -> Option<V6> {
    parse_either(text, |address| address.contains('.'))
}

/// An address of either kind, and of which of them the prefix is one of IPv4.
fn parse_either(text: &str, short: fn(&str) -> bool) -> Option<V6> {
    let text = text.trim();
    let short = short(text.split('/').next().unwrap_or_default());
    let (address, prefix) = parts(text, if short { 32 } else { 128 })?;
    let bits = match address.parse::<Ipv4Addr>() {
        Ok(v4) => v4.to_ipv6_mapped().to_bits(),
        Err(_) => address.parse::<Ipv6Addr>().ok()?.to_bits(),
    };
    Some(narrow_v6((bits, 128), if short { prefix + 96 } else { prefix }))
}

/// A prefix argument; `most` if it was not given.
fn prefix(c: &Call, i: usize, most: u32) -> Option<u32> {
    if !c.has(i) {
        return Some(most);
    }
    c.integer(i).and_then(|n| u32::try_from(n).ok()).filter(|n| *n <= most)
}

fn compare_v4(c: &Call) -> Option<std::cmp::Ordering> {
    let (a, b) = (parse_v4(&c.text(0))?, parse_v4(&c.text(1))?);
    let shortest = a.1.min(b.1).min(prefix(c, 2, 32)?);
    Some(narrow_v4(a, shortest).0.cmp(&narrow_v4(b, shortest).0))
}

fn compare_v6(c: &Call) -> Option<std::cmp::Ordering> {
    // Here the prefix behind `::192.168.1.1` is one of IPv6; parse_ipv6_mask takes it for one of IPv4. Both are measured.
    let parse = |i: usize| parse_either(&c.text(i), |address| address.parse::<Ipv4Addr>().is_ok());
    let (a, b) = (parse(0)?, parse(1)?);
    let shortest = a.1.min(b.1).min(prefix(c, 2, 128)?);
    Some(narrow_v6(a, shortest).0.cmp(&narrow_v6(b, shortest).0))
}

fn in_range_v4(ip: V4, range: V4) -> bool {
    ip.0 & mask_v4(range.1) == range.0
}

fn in_range_v6(ip: V6, range: V6) -> bool {
    ip.0 & mask_v6(range.1) == range.0
}

fn listed<'a>(c: &Call<'a>) -> impl Iterator<Item = Cow<'a, str>> {
    let texts = |i: usize, ty: Type| list_items(i_arg(c, i)).iter().map(move |v| value_text::tostring(v, ty));
    let all: Vec<Cow<'a, str>> = (1..c.args.len()).flat_map(|i| texts(i, c.ty(i))).collect();
    all.into_iter()
}

fn i_arg<'a>(c: &Call<'a>, i: usize) -> &'a Value {
    c.arg(i)
}

/// True if one holds; else null if one could not be told.
fn in_any(c: &Call, test: fn(&str, &str) -> Option<bool>) -> Value {
    let ip = c.text(0);
    let mut unknown = false;
    for range in listed(c) {
        match test(&ip, &range) {
            Some(true) => return Value::Bool(true),
            Some(false) => {}
            None => unknown = true,
        }
    }
    if unknown { Value::Null } else { Value::Bool(false) }
}

fn format_v4(c: &Call) -> Option<V4> {
    let ip = match c.arg(0) {
        Value::String(s) => parse_v4(s)?,
        n => (u32::try_from(n.as_integer()?).ok()?, 32),
    };
    Some(narrow_v4(ip, prefix(c, 1, 32)?))
}

fn cidr(address: u32, prefix: u32) -> String {
    format!("{}/{prefix}", Ipv4Addr::from_bits(address))
}

fn full(address: u128) -> Value {
    let parts: Vec<String> =
        Ipv6Addr::from_bits(address).segments().iter().map(|s| format!("{s:04x}")).collect();
    Value::from(parts.join(":"))
}

/// At most 62 networks make up any range.
fn cidr_list(c: &Call) -> Value {
    let (Some((start, _)), Some((end, _))) = (parse_v4(&c.text(0)), parse_v4(&c.text(1))) else {
        return Value::Null;
    };
    let (mut at, end) = (u64::from(start), u64::from(end));
    let mut out = Vec::new();
    while at <= end {
        let aligned = if at == 0 { 32 } else { at.trailing_zeros().min(32) };
        let fits = (end - at + 1).ilog2();
        let bits = aligned.min(fits);
        out.push(Value::from(cidr(at as u32, 32 - bits)));
        at += 1 << bits;
    }
    Value::array(out)
}

/// The IPv4 addresses that stand in a text, as they are written, with the places where they start. Digits behind one are always
/// part of it.
fn addresses(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let bytes = text.as_bytes();
    let digits = move |at: usize| bytes.iter().skip(at).take(4).take_while(|b| b.is_ascii_digit()).count();
    let end_of = move |from: usize| {
        let mut at = from;
        for part in 0..4 {
            if part > 0 {
                if bytes.get(at) != Some(&b'.') {
                    return None;
                }
                at += 1;
            }
            match digits(at) {
                n @ 1..=3 => at += n,
                _ => return None,
            }
        }
        Some(at)
    };
    (0..bytes.len())
        .filter_map(move |from| Some((from, text.get(from..end_of(from)?)?)))
        .filter(|(_, a)| a.parse::<Ipv4Addr>().is_ok())
}

/// Whether no letter or digit stands before an address. `has_any_ipv4` and its kin ask for that; `has_ipv4` and its kin find
/// `127.0.0.1` in `54127.0.0.1`, as measured.
fn delimited(text: &str, at: usize) -> bool {
    !text.get(..at).and_then(|before| before.chars().next_back()).is_some_and(char::is_alphanumeric)
}

/// Whether one of the listed addresses, or prefixes of whole parts with a dot at the end, is in the text; `counts` says which
/// addresses of the text count.
fn has_v4(c: &Call, counts: fn(&str, usize) -> bool, prefixes: bool) -> Value {
    let source = c.text(0);
    let mut found: HashSet<&str> = HashSet::new();
    for (_, address) in addresses(&source).filter(|(at, _)| counts(&source, *at)) {
        found.insert(address);
        if prefixes {
            let parts = address.match_indices('.').filter_map(|(dot, _)| address.get(..=dot));
            found.extend(parts);
        }
    }
    Value::Bool(listed(c).any(|wanted| found.contains(&*wanted)))
}
