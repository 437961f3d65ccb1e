//! `bindgen IN.wasm OUT_DIR NAME`: writes `OUT_DIR/NAME.js` and `OUT_DIR/NAME_bg.wasm`.
//!
//! The same as the command `wasm-bindgen --target web`, without having to install it.

use std::process::ExitCode;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, out_dir, name] = arguments.as_slice() else {
        eprintln!("usage: bindgen IN.wasm OUT_DIR NAME");
        return ExitCode::from(2);
    };
    match generate(input, out_dir, name) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bindgen: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn generate(input: &str, out_dir: &str, name: &str) -> Result<(), Box<dyn std::error::Error>> {
    Bindgen::new()
        .input_path(input)
        .out_name(name)
        .web(true)?
        .typescript(false) // js/index.d.ts is written by hand
        .omit_default_module_path(true) // js/ says where the module is; bundlers must not guess
        .reset_state_function(true) // a new instance after a trap
        .remove_producers_section(true)
        .generate(out_dir)?;
    Ok(())
}
