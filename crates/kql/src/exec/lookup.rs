//! `ipv4_lookup`, `ipv6_lookup`: rows to the networks their addresses are in.
//! Source: Microsoft's docs, ipv4_lookup and ipv6_lookup plugins.

use super::ExecError;
use super::row::Row;
use super::run::Run;
use crate::plan::IpLookup;
use crate::value::Value;
use crate::value::key::Key;
use crate::value::key::{self, KeyMap};
use std::net::IpAddr;

/// An address with the length of its prefix, IPv4 mapped into IPv6.
#[derive(Clone, Copy)]
struct Network {
    bits: u128,
    length: u32,
}

impl Network {
    /// `10.0.0.0/8`, `2001:db8::/32`, or an address alone.
    fn parse(text: &str) -> Option<Network> {
        let text = text.trim();
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let (bits, width) = match address.parse().ok()? {
            IpAddr::V4(v4) => (u128::from(u32::from(v4)) | 0xFFFF_0000_0000, 32),
            IpAddr::V6(v6) => (u128::from(v6), 128),
        };
        let length = length.unwrap_or(width);
        (length <= width).then(|| Network { bits, length: 128 - width + length }.cut(128 - width + length))
    }

    /// The network of this length around it.
    fn cut(self, length: u32) -> Network {
        let keep = u128::MAX.checked_shl(128 - length.min(128)).unwrap_or(0);
        Network { bits: self.bits & keep, length }
    }

    /// A key of the network and of what else a row is looked up by.
    fn key(self, extra: &[u8]) -> Key {
        [&self.bits.to_le_bytes(), &self.length.to_le_bytes()[..], extra].concat().into()
    }
}

/// The rows of a lookup: left rows in order, for each the networks its address is in.
pub fn ip_lookup(
    run: &mut Run<'_>,
    lookup: &IpLookup,
    left: &[Row],
    right: &[Row],
    width: usize,
) -> Result<Vec<Row>, ExecError> {
    let left_extra = run.program(lookup.extra.iter().map(|(l, _)| l))?;
    let right_extra = run.program(lookup.extra.iter().map(|(_, r)| r))?;
    let (left_key, right_key) = (run.program([&lookup.left_key])?, run.program([&lookup.right_key])?);
    run.budget.charge(left.len() + right.len(), 1)?;
    let mut places: KeyMap<Vec<usize>> = KeyMap::default();
    let mut lengths: Vec<u32> = Vec::new();
    for (i, row) in right.iter().enumerate() {
        let text = run.eval(&right_key, row)?;
        let Some(network) = text.as_str().and_then(Network::parse) else { continue };
        let extra = key::key(&run.eval_all(&right_extra, row)?);
        if let Err(at) = lengths.binary_search(&network.length) {
            lengths.insert(at, network.length);
        }
        places.entry(network.key(&extra)).or_default().push(i);
    }
    let mut out = Vec::new();
    for row in left {
        run.budget.charge(lengths.len(), 0)?;
        let text = run.eval(&left_key, row)?;
        let extra = key::key(&run.eval_all(&left_extra, row)?);
        let mut matched = false;
        if let Some(address) = text.as_str().and_then(Network::parse) {
            for length in lengths.iter().filter(|l| **l <= address.length) {
                let found = places.get(&address.cut(*length).key(&extra));
                for other in found.into_iter().flatten().filter_map(|i| right.get(*i)) {
                    matched = true;
                    run.budget.charge(1, width)?;
                    let mut evidence = row.evidence.clone();
                    evidence.merge(&other.evidence);
                    run.budget.charge_kept(0, evidence.bytes())?;
                    let value = |i: &usize| other.values.get(*i).cloned().unwrap_or_default();
                    let values = row.values.iter().cloned().chain(lookup.right_columns.iter().map(value));
                    out.push(Row { values: values.collect(), evidence });
                }
            }
        }
        if !matched && lookup.unmatched {
            let missing = lookup.right_types.iter().map(|t| t.missing());
            let values: Vec<Value> = row.values.iter().cloned().chain(missing).collect();
            out.push(Row { values, evidence: row.evidence.clone() });
        }
    }
    Ok(out)
}
