//! JavaScript objects member by member: derived code would be several times the size.

use core::cell::Cell;

use js_sys::{Array, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use crate::error::{Error, Result};

/// Reads the members of an object. Undefined, null and absent ones are `None`; the first one of
/// another type than asked for counts as absent until [`Reader::finish`] reports it, so that a
/// wide record is read without a way out after every member.
#[derive(Debug)]
pub(super) struct Reader {
    object: JsValue,
    misfit: Cell<Option<&'static str>>,
}

impl Reader {
    /// Starts to read `object`.
    pub(super) fn new(object: JsValue) -> Self {
        Self {
            object,
            misfit: Cell::new(None),
        }
    }

    /// A string.
    pub(super) fn text(&self, name: &'static str) -> Option<String> {
        self.accept(name, self.get(name)?.as_string())
    }

    /// A number.
    pub(super) fn number(&self, name: &'static str) -> Option<f64> {
        self.accept(name, self.get(name)?.as_f64())
    }

    /// A boolean.
    pub(super) fn flag(&self, name: &'static str) -> Option<bool> {
        self.accept(name, self.get(name)?.as_bool())
    }

    /// The elements of an array; none if it is absent.
    pub(super) fn list(&self, name: &'static str) -> Vec<JsValue> {
        let value = self.get(name);
        let array = value.and_then(|value| self.accept(name, value.dyn_into::<Array>().ok()));
        array.map_or_else(Vec::new, |array| array.to_vec())
    }

    /// Passes on what a member was converted to; `None` makes it a misfit.
    pub(super) fn accept<T>(&self, name: &'static str, converted: Option<T>) -> Option<T> {
        if converted.is_none() {
            self.misfit.set(self.misfit.get().or(Some(name)));
        }
        converted
    }

    /// An error if a member was not what its name promises.
    pub(super) fn finish(&self) -> Result<()> {
        match self.misfit.get() {
            None => Ok(()),
            Some(name) => Err(Error::InvalidValue {
                what: name.into(),
                rule: "is not of the expected shape",
            }),
        }
    }

    fn get(&self, name: &'static str) -> Option<JsValue> {
        let value = self.accept(name, Reflect::get(&self.object, &name.into()).ok())?;
        (!value.is_undefined() && !value.is_null()).then_some(value)
    }
}

/// Builds an object.
#[derive(Debug, Default)]
pub(super) struct Writer(js_sys::Object);

impl Writer {
    /// Adds a member.
    pub(super) fn set(&self, name: &str, value: impl Into<JsValue>) {
        // Setting a member of a fresh object does not fail.
        drop(Reflect::set(&self.0, &name.into(), &value.into()));
    }

    /// The object.
    pub(super) fn finish(self) -> JsValue {
        self.0.into()
    }
}
