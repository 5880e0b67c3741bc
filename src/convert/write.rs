//! A schema as JSON text.

use std::borrow::Cow;

use super::definition::{Definition, Invariant};
use super::json::{Json, Text, write_compact, write_text};
use super::names::Names;
use super::schema::{Constant, Element, ElementId, Match, Schema, Slicing};
use super::types::tail;

/// The text of a definition's schema.
pub(super) fn write(definition: &Definition<'_>, schema: &Schema<'_>) -> String {
    let mut out = Writer {
        out: String::with_capacity(4096),
        is_first: true,
    };
    out.open('{');
    out.header(definition, schema);
    out.content(schema, Schema::ROOT, true);
    out.close('}');
    out.out
}

/// What a schema is of, in one word.
fn class(definition: &Definition<'_>) -> &'static str {
    let text = |text: &Option<Text<'_>>| {
        text.as_ref()
            .map_or(String::new(), |text| text.as_str().to_owned())
    };
    let (kind, derivation) = (text(&definition.kind), text(&definition.derivation));
    match (kind.as_str(), derivation.as_str()) {
        (_, "constraint") if text(&definition.type_name) == "Extension" => "extension",
        (_, "constraint") => "profile",
        ("logical", _) => "logical",
        ("resource", _) => "resource",
        _ => "type",
    }
}

impl<'a> Match<'a> {
    /// As it stands in the schema.
    pub(super) fn to_json(&self) -> Json<'a> {
        let mut members: Vec<(Cow<'a, str>, Json<'a>)> =
            vec![("type".into(), Json::Text(self.kind.into()))];
        if self.resolves {
            members.push(("resolve-ref".into(), Json::Bool(true)));
        }
        members.push(("value".into(), self.value.clone()));
        if let Some(url) = &self.url {
            members.push(("url".into(), Json::Text(url.clone())));
        }
        Json::Object(members)
    }
}

struct Writer {
    out: String,
    /// Whether nothing stands yet in the object or list that is open.
    is_first: bool,
}

impl Writer {
    fn header(&mut self, definition: &Definition<'_>, schema: &Schema<'_>) {
        let text = |text: &'_ Option<Text<'_>>| text.as_ref().map(|text| text.as_str().to_owned());
        self.text("url", text(&definition.url).as_deref());
        self.text("version", text(&definition.version).as_deref());
        self.text("name", text(&definition.name).as_deref());
        self.text("type", text(&definition.type_name).as_deref());
        self.text("kind", text(&definition.kind).as_deref());
        self.text("class", Some(class(definition)));
        self.text("derivation", text(&definition.derivation).as_deref());
        self.text("base", text(&definition.base).as_deref());
        self.flag("abstract", definition.is_abstract == Some(true));
        self.text("description", text(&definition.description).as_deref());
        let about_use = [
            ("context", definition.context),
            ("contextInvariant", definition.context_invariants),
        ];
        for (name, raw) in about_use {
            if let Some(raw) = raw {
                self.raw(name, raw.get());
            }
        }
        if text(&definition.kind).as_deref() == Some("primitive-type") {
            let own = definition
                .type_name
                .as_ref()
                .map(|name| tail(name.as_str()));
            let root = schema.get(Schema::ROOT);
            let value = root.elements.iter().find(|(name, _)| name == "value");
            let value = value.map(|(_, id)| schema.get(*id));
            let of_value = value.filter(|_| own.is_some());
            self.text(
                "primitiveType",
                of_value
                    .and_then(|value| value.types.first())
                    .map(|name| &**name),
            );
            self.text("regex", of_value.and_then(|value| value.regex.as_deref()));
        }
    }

    fn element(&mut self, schema: &Schema<'_>, id: ElementId) {
        self.open('{');
        self.content(schema, id, false);
        self.close('}');
    }

    fn content(&mut self, schema: &Schema<'_>, id: ElementId, is_root: bool) {
        let element = schema.get(id);
        self.types(element);
        self.text("choiceOf", element.choice_of.as_deref());
        self.texts("choices", element.choices.as_deref().unwrap_or_default());
        self.flag("array", element.is_array);
        self.flag("scalar", element.is_scalar);
        self.number("min", element.min.map(|min| min as usize));
        self.number("max", element.max.map(|max| max as usize));
        self.text("short", element.short.as_deref());
        if let Some(binding) = &element.binding {
            self.name("binding");
            self.open('{');
            self.text("strength", binding.strength.as_deref());
            self.text("valueSet", binding.value_set.as_deref());
            self.text("bindingName", binding.name.as_deref());
            self.close('}');
        }
        self.constant("fixed", element.fixed.as_ref());
        self.constant("pattern", element.pattern.as_ref());
        // Of several of one name, the last one counts.
        let mut names = Names::default();
        let bounds = element.bounds.iter().rev();
        for (name, raw) in bounds.filter(|(name, _)| names.number(name).1) {
            self.raw(name, raw);
        }
        if !is_root {
            self.text("regex", element.regex.as_deref());
        }
        self.constraints(&element.constraints);
        self.flag("mustSupport", element.must_support);
        self.flag("isModifier", element.is_modifier);
        self.text("isModifierReason", element.modifier_reason.as_deref());
        self.flag("isSummary", element.is_summary);
        self.number("index", element.index);
        if let Some(slicing) = &element.slicing {
            self.slicing(schema, slicing);
        }
        self.below(schema, element);
    }

    fn types(&mut self, element: &Element<'_>) {
        if let Some(reference) = &element.reference {
            self.texts("elementReference", reference);
            return;
        }
        match element.types.as_slice() {
            [] => {}
            [one] => self.text("type", Some(one)),
            several => self.texts("types", several),
        }
        self.texts("profiles", &element.profiles);
        self.texts("refers", &element.refers);
    }

    fn constraints(&mut self, constraints: &[&Invariant<'_>]) {
        // Of several of one key, the last one counts.
        let mut keys = Names::default();
        let mut last: Vec<_> = constraints
            .iter()
            .rev()
            .filter_map(|one| Some((one.key.as_ref()?.as_str(), one)))
            .filter(|(key, _)| keys.number(key).1)
            .collect();
        if last.is_empty() {
            return;
        }
        last.reverse();
        self.name("constraint");
        self.open('{');
        for (key, constraint) in last {
            self.name(key);
            self.open('{');
            self.text(
                "expression",
                constraint.expression.as_ref().map(Text::as_str),
            );
            self.text("human", constraint.human.as_ref().map(Text::as_str));
            self.text("severity", constraint.severity.as_ref().map(Text::as_str));
            self.close('}');
        }
        self.close('}');
    }

    fn constant(&mut self, name: &str, constant: Option<&Constant<'_>>) {
        if let Some(constant) = constant {
            self.name(name);
            self.open('{');
            self.text("type", Some(&constant.type_name));
            self.raw("value", constant.value);
            self.close('}');
        }
    }

    fn slicing(&mut self, schema: &Schema<'_>, slicing: &Slicing<'_>) {
        self.name("slicing");
        self.open('{');
        if !slicing.discriminators.is_empty() {
            self.name("discriminator");
            self.open('[');
            for (kind, path) in &slicing.discriminators {
                self.item();
                self.open('{');
                self.text("type", Some(kind));
                self.text("path", Some(path));
                self.close('}');
            }
            self.close(']');
        }
        self.text("rules", slicing.rules.as_deref());
        self.flag("ordered", slicing.is_ordered);
        if !slicing.slices.is_empty() {
            self.name("slices");
            self.open('{');
            for slice in &slicing.slices {
                self.name(&slice.name);
                self.open('{');
                self.number("min", slice.min.map(|min| min as usize));
                self.number("max", slice.max.map(|max| max as usize));
                if let Some(found) = &slice.found {
                    self.name("match");
                    found.to_json().write(&mut self.out);
                }
                self.number("order", slice.order);
                self.text(
                    "reslice",
                    slice.name.rsplit_once('/').map(|(above, _)| above),
                );
                self.flag("sliceIsConstraining", slice.is_constraining);
                self.name("schema");
                self.element(schema, slice.schema);
                self.close('}');
            }
            self.close('}');
        }
        self.close('}');
    }

    /// What is below an element.
    fn below(&mut self, schema: &Schema<'_>, element: &Element<'_>) {
        let names = |is: fn(&Element<'_>) -> bool| -> Vec<Cow<'_, str>> {
            let named = element
                .elements
                .iter()
                .filter(|(_, id)| is(schema.get(*id)));
            named.map(|(name, _)| Cow::Borrowed(&**name)).collect()
        };
        self.texts(
            "required",
            &names(|one| one.is_required && !one.is_excluded),
        );
        self.texts("excluded", &names(|one| one.is_excluded));
        if !element.extensions.is_empty() {
            self.name("extensions");
            self.open('{');
            for extension in &element.extensions {
                self.name(&extension.name);
                self.open('{');
                self.text("url", Some(&extension.url));
                let slicing = schema.get(extension.slicing).slicing.as_ref();
                let slice = slicing.and_then(|slicing| slicing.slice(extension.schema));
                if let Some(slice) = slice {
                    self.number("min", slice.min.map(|min| min as usize));
                    self.number("max", slice.max.map(|max| max as usize));
                }
                let schema = schema.get(extension.schema);
                self.text("short", schema.short.as_deref());
                self.flag("mustSupport", schema.must_support);
                self.flag("isModifier", schema.is_modifier);
                self.close('}');
            }
            self.close('}');
        }
        if !element.elements.is_empty() {
            self.name("elements");
            self.open('{');
            for (name, id) in &element.elements {
                self.name(name);
                self.element(schema, *id);
            }
            self.close('}');
        }
    }

    fn open(&mut self, bracket: char) {
        self.out.push(bracket);
        self.is_first = true;
    }

    fn close(&mut self, bracket: char) {
        self.out.push(bracket);
        self.is_first = false;
    }

    fn item(&mut self) {
        if !std::mem::take(&mut self.is_first) {
            self.out.push(',');
        }
    }

    fn name(&mut self, name: &str) {
        self.item();
        write_text(name, &mut self.out);
        self.out.push(':');
    }

    fn text(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.name(name);
            write_text(text, &mut self.out);
        }
    }

    fn texts(&mut self, name: &str, texts: &[Cow<'_, str>]) {
        if texts.is_empty() {
            return;
        }
        self.name(name);
        self.open('[');
        for text in texts {
            self.item();
            write_text(text, &mut self.out);
        }
        self.close(']');
    }

    fn raw(&mut self, name: &str, raw: &str) {
        self.name(name);
        write_compact(raw, &mut self.out);
    }

    fn number(&mut self, name: &str, number: Option<usize>) {
        if let Some(number) = number {
            self.raw(name, &number.to_string());
        }
    }

    fn flag(&mut self, name: &str, flag: bool) {
        if flag {
            self.raw(name, "true");
        }
    }
}
