//! Errors of both modules as JavaScript errors with `name` and `code`.

use js_sys::Reflect;
use wasm_bindgen::JsValue;

#[cfg(feature = "store")]
use crate::error::Error;

#[cfg(feature = "store")]
impl From<Box<Error>> for JsValue {
    fn from(error: Box<Error>) -> Self {
        coded(error.code(), &error.message())
    }
}

/// An error that is none of the engine's, which would be a trap.
pub(super) fn coded(code: &str, message: &str) -> JsValue {
    let js = js_sys::Error::new(message);
    for (member, text) in [("name", "CoreError"), ("code", code)] {
        // Setting a member of a fresh error object does not fail.
        drop(Reflect::set(&js, &member.into(), &text.into()));
    }
    js.into()
}
