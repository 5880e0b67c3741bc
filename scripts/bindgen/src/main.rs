//! `bindgen IN.wasm FOLDER` writes `bound.js`, its types and `bound_bg.wasm` into the folder.

use std::env::args_os;
use std::error::Error;

use wasm_bindgen_cli_support::{Bindgen, EncodeInto};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = args_os().skip(1);
    let (Some(wasm), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("usage: bindgen IN.wasm FOLDER".into());
    };
    let mut output = Bindgen::new()
        .input_path(wasm)
        .out_name("bound")
        .web(true)?
        .omit_default_module_path(true)
        .encode_into(EncodeInto::Always)
        .typescript(true)
        .generate_output()?;
    // The way in which strings are passed, of `scripts/lib/glue.mjs`, needs none.
    output.wasm_mut().exports.remove("__wbindgen_realloc")?;
    output.emit(folder)?;
    Ok(())
}
