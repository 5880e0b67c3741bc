//! The bytes at rest.

pub mod rows;
