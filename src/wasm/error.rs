//! Core errors as JavaScript errors with `name` and `code`.

use js_sys::Reflect;
use wasm_bindgen::JsValue;

use crate::error::Error;

impl From<Box<Error>> for JsValue {
    fn from(error: Box<Error>) -> Self {
        let js = js_sys::Error::new(&error.message());
        js.set_name("CoreError");
        // Setting a member of a fresh error object does not fail.
        drop(Reflect::set(&js, &"code".into(), &error.code().into()));
        js.into()
    }
}
