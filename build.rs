//! Gives the engine a name of its own: a hash over its sources. What one build hands over, another must refuse, and the version
//! alone does not tell two builds apart.

use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

/// What the engine is made of. Its tests and its hosts' languages are not.
const SOURCES: [&str; 6] =
    ["Cargo.toml", "Cargo.lock", "src", "crates/kql/src", "crates/cloudtrail/src", "rules"];

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut files = Vec::new();
    for source in SOURCES {
        println!("cargo:rerun-if-changed={source}");
        add(&root.join(source), &mut files)?;
    }
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.strip_prefix(&root)
            .unwrap_or(&file)
            .components()
            .for_each(|part| part.as_os_str().hash(&mut hasher));
        fs::read(&file)?.hash(&mut hasher);
    }
    println!("cargo:rustc-env=FOREPOST_BUILD={:016x}", hasher.finish());
    Ok(())
}

/// Adds a file, or the files of a folder in the order of their names.
fn add(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    entries.iter().try_for_each(|entry| add(entry, files))
}
