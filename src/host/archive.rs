//! Exports for archives of rules, tables and functions, which are unpacked by what reads archives of logs.

use super::json;
use super::memory::with_staged;
use cloudtrail::source::{Archive, MemberLimits};
use wasm_bindgen::prelude::wasm_bindgen;

/// Unpacks an archive: see [`Archive`].
#[wasm_bindgen]
pub struct ArchiveReader {
    archive: Archive,
    /// The contents of the files that were taken last, one behind the other.
    bytes: Vec<u8>,
}

#[wasm_bindgen]
impl ArchiveReader {
    /// See [`MemberLimits`].
    #[wasm_bindgen(constructor)]
    pub fn new(kept: f64, bytes: f64, files: f64) -> ArchiveReader {
        let limits = MemberLimits { kept: kept as usize, bytes: bytes as u64, files: files as usize };
        ArchiveReader { archive: Archive::new(limits), bytes: Vec::new() }
    }

    /// The first bytes of the [staging buffer](super::js::staging_buffer) are the next of the archive, cut anywhere.
    pub fn push(&mut self, length: usize) {
        with_staged(length, |bytes| self.archive.push(bytes));
    }

    /// The archive is complete.
    #[wasm_bindgen(js_name = endInput)]
    pub fn end_input(&mut self) {
        self.archive.finish();
    }

    /// The files since the last call: see [`json::members`].
    #[wasm_bindgen(js_name = takeMembers)]
    pub fn take_members(&mut self) -> String {
        let members = self.archive.take();
        self.bytes = members.iter().flat_map(|member| &member.bytes).copied().collect();
        json::members(&members)
    }

    /// The contents of these files, one behind the other.
    #[wasm_bindgen(js_name = takeBytes)]
    pub fn take_bytes(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// What was seen of the archive so far: see [`json::archive`].
    pub fn stats(&self) -> String {
        json::archive(&self.archive)
    }
}
