//! Rules built into a module.
//!
//! The rules are compiled when the module is built, not when it is loaded: Wizer calls [`forepost_init`] once and writes
//! what the memory then holds into the module that ships.
#![allow(unsafe_code, reason = "memory that outlives a call, and what Wizer calls")]

use super::pipeline::Pipeline;
use super::single::Single;
use crate::detector::{Finding, RuleFile};
use serde::Deserialize;
use std::cell::UnsafeCell;

/// The rules.
pub static PIPELINE: Single<Option<Pipeline>> = Single(UnsafeCell::new(None));

/// What the module is made of.
#[derive(Deserialize)]
struct Parts {
    rules: Vec<Part>,
    keys: Vec<String>,
}

#[derive(Deserialize)]
struct Part {
    file: String,
    text: String,
}

/// What WASI reads or writes at once.
#[repr(C)]
struct Piece {
    at: *mut u8,
    length: usize,
}

const STDIN: u32 = 0;
const STDERR: u32 = 2;

// Only `forepost_init` calls these, and Wizer takes that out: the module that ships imports nothing.
#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    fn fd_read(file: u32, pieces: *const Piece, count: usize, done: *mut usize) -> u32;
    fn fd_write(file: u32, pieces: *const Piece, count: usize, done: *mut usize) -> u32;
    fn proc_exit(status: u32) -> !;
}

/// Builds the rules into the module: `{"rules":[{"file","text"}],"keys":["…"]}` from standard input. What is wrong with them
/// goes to standard error, a line each.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_init() {
    if let Err(why) = build(&standard_input()) {
        standard_error(why);
        // SAFETY: it takes no pointer.
        unsafe { proc_exit(1) }
    }
}

fn build(parts: &[u8]) -> Result<(), String> {
    let Parts { rules, keys } = serde_json::from_slice(parts).map_err(|e| format!("{e}\n"))?;
    let files: Vec<RuleFile> = rules.into_iter().map(|Part { file, text }| RuleFile { file, text }).collect();
    let line = |f: &Finding| {
        format!("{}:{}:{}: {} {} {}\n", f.file, f.line, f.column, f.severity.name(), f.code, f.message)
    };
    let made =
        Pipeline::new(&files, keys).map_err(|found| found.findings.iter().map(line).collect::<String>())?;
    made.precompile();
    // SAFETY: one call at a time, and no reference is kept.
    unsafe { *PIPELINE.0.get() = Some(made) };
    Ok(())
}

fn standard_input() -> Vec<u8> {
    let mut all = Vec::new();
    let mut buffer = vec![0_u8; 64 << 10];
    loop {
        let mut done = 0;
        let piece = Piece { at: buffer.as_mut_ptr(), length: buffer.len() };
        // SAFETY: the piece is the buffer, which outlives the call.
        let failed = unsafe { fd_read(STDIN, &piece, 1, &mut done) } != 0;
        match buffer.get(..done) {
            Some(read) if !failed && !read.is_empty() => all.extend_from_slice(read),
            _ => return all,
        }
    }
}

fn standard_error(mut text: String) {
    let mut done = 0;
    let piece = Piece { at: text.as_mut_ptr(), length: text.len() };
    // SAFETY: the piece is the text, which outlives the call. If it cannot be written, the status still says that it failed.
    let _ = unsafe { fd_write(STDERR, &piece, 1, &mut done) };
}
