//! Core errors as JavaScript errors with `name` and `code`.

use js_sys::Reflect;
use wasm_bindgen::JsValue;

use crate::error::Error;

impl From<Box<Error>> for JsValue {
    fn from(error: Box<Error>) -> Self {
        let js = js_sys::Error::new(&error.message());
        for (member, text) in [("name", "CoreError"), ("code", error.code())] {
            // Setting a member of a fresh error object does not fail.
            drop(Reflect::set(&js, &member.into(), &text.into()));
        }
        js.into()
    }
}
