//! Drives the Fluent Bit module as Fluent Bit does, in an interpreter. See `tests/abi.rs`.
pub mod host;
pub mod records;
pub mod stack;

use std::path::PathBuf;

/// The repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The module with the built-in rule.
pub fn module() -> Vec<u8> {
    std::fs::read(root().join("dist/fluent-bit/forepost.wasm"))
        .expect("dist/fluent-bit/forepost.wasm: run `make filter`")
}

/// The module with the 38 shared rules, where they are.
pub fn shared_module() -> Option<Vec<u8>> {
    std::fs::read(root().join("target/fluent-bit/shared.wasm")).ok()
}

/// The folder with other people's events and rules, where it is.
pub fn shared() -> Option<PathBuf> {
    let path = std::env::var_os("FOREPOST_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    path.join("cloudtrail").is_dir().then_some(path)
}
