/** Schemas in the form that the validator of `@atomic-ehr/fhirschema` reads. */

import { check } from "../rules.js";
import { wholly } from "./expressions.js";
import { Lookup } from "./lookup.js";
import { mergeElement } from "./merge.js";
import {
  constantOf,
  isRecord,
  members,
  own,
  put,
  type SchemaElement,
  type SchemaSlice,
  type SchemaSlicing,
  SYSTEM,
  strings,
} from "./schema.js";
import { type ProfileSchemas, SCHEMAS } from "./schemas-for.js";

/** What `validate(resource, profile, types)` of `@atomic-ehr/fhirschema` takes. */
export interface AtomicSchemas<Schema = object> {
  /** The profile, merged with what it is derived from. */
  readonly profile: Schema;
  /** The types by name. */
  readonly types: Record<string, Schema>;
}

/** A schema or an element in that form. */
type Atomic = Record<string, unknown>;

/** What is passed on as it is. */
const PASSED = ["min", "max", "binding", "refers"];
/** A type of which nothing is checked: that validator throws where a type is not there. */
const ANYTHING = "anything";

/**
 * Schemas for the validator of `@atomic-ehr/fhirschema`; docs/guides/validate.md says what that one cannot
 * check. Of a profile whose base is missing it checks nothing. INVALID_VALUE if the profile itself is missing.
 * `const { profile, types } = forAtomicValidator<FHIRSchema>(await schemasFor(store, canonical))`
 */
export function forAtomicValidator<Schema = object>(
  schemas: ProfileSchemas,
): AtomicSchemas<Schema> {
  check(schemas, SCHEMAS, "schemas");
  check(schemas.merged, { range: "there: the profile is missing", accepts: isRecord }, "merged");
  const form = new AtomicForm(new Lookup(schemas));
  for (const [name, schema] of schemas.types) {
    if (schema.kind !== "resource") form.addType(name);
  }
  const { merged = {} } = schemas;
  const { url = "", type = "", kind = "resource", name = "" } = merged;
  // Of a profile whose base is missing, most elements are not known.
  const isWhole = merged.base === undefined;
  const said = isWhole ? form.inline(merged, url) : {};
  const profile = { url, type, kind, name, class: "profile", ...said };
  return { profile: profile as Schema, types: form.types as Record<string, Schema> };
}

class AtomicForm {
  readonly types: Record<string, Atomic> = {};
  readonly #lookup: Lookup;

  constructor(lookup: Lookup) {
    this.#lookup = lookup;
    this.#add(ANYTHING, { kind: "complex-type" });
  }

  /** Adds a type, once. */
  addType(name: string): void {
    const schema = this.#lookup.schema(name);
    if (schema === undefined || Object.hasOwn(this.types, name)) return;
    if (schema.kind !== "primitive-type") this.#addComplex(name, schema);
    else {
      const regex = typeof schema.regex === "string" ? { regex: wholly(schema.regex) } : {};
      this.#add(name, { kind: "primitive-type", ...regex });
    }
  }

  /** An element with its members where it stands: only there that validator looks at slices. */
  inline(element: SchemaElement, path: string): Atomic {
    const elements = this.#members(element, path, false);
    return { ...passed(element), ...this.#required(element), elements };
  }

  #addComplex(name: string, element: SchemaElement): void {
    const schema = this.#add(name, { kind: "complex-type", ...this.#required(element) });
    schema["elements"] = this.#members(element, name, true);
  }

  /** The members that are allowed: that validator knows no other way to forbid one. */
  #members({ elements, excluded }: SchemaElement, path: string, inType: boolean): Atomic {
    const found: Atomic = {};
    const forbidden = new Set(strings(excluded));
    for (const [name, element] of members(elements)) {
      if (!isRecord(element)) continue;
      const choices = own(elements, element.choiceOf ?? "")?.choices;
      const isAllowed = choices === undefined || strings(choices).includes(name);
      if (!isAllowed || forbidden.has(name) || forbidden.has(element.choiceOf ?? "")) continue;
      put(found, name, this.#element(element, `${path}.${name}`, inType));
      if (this.#isPrimitive(element)) put(found, `_${name}`, { type: ANYTHING });
    }
    return found;
  }

  #element(element: SchemaElement, path: string, inType: boolean): Atomic {
    if (element.choices !== undefined) return { choices: element.choices, type: ANYTHING };
    if (element.elementReference !== undefined) {
      return { ...passed(element), type: this.#elsewhere(strings(element.elementReference)) };
    }
    const type = this.#typeName(element);
    const isSliced = !inType && members(element.slicing?.slices).length > 0;
    const isPlain = element.elements === undefined && !isSliced;
    if (type !== undefined && (isPlain || this.#isPrimitive(element))) {
      return { ...passed(element), type: this.#constant(element, type) };
    }
    const whole = mergeElement(this.#lookup.schema(typeOf(element)) ?? {}, element);
    if (inType) {
      if (!Object.hasOwn(this.types, path)) this.#addComplex(path, whole);
      return { ...passed(element), type: path };
    }
    if (whole.elements === undefined) return { ...passed(element), type: ANYTHING };
    const inlined = this.inline(whole, path);
    return { ...inlined, ...this.#slicing(whole, inlined["elements"] as Atomic, path) };
  }

  /** The name of a type that can be checked by its name. */
  #typeName(element: SchemaElement): string | undefined {
    const type = typeOf(element);
    if (type.startsWith(SYSTEM)) return ANYTHING;
    const schema = this.#lookup.schema(type);
    if (schema === undefined || schema.kind === "resource")
      return type === "" ? undefined : ANYTHING;
    this.addType(type);
    return type;
  }

  /** A constant text becomes a type of its own, whose expression only this text matches. */
  #constant(element: SchemaElement, type: string): string {
    const constant = constantOf(element.fixed ?? element.pattern);
    if (typeof constant !== "string" || !this.#isPrimitive(element)) return type;
    const name = `${type} ${JSON.stringify(constant)}`;
    const regex = `^${constant.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")}$`;
    this.#add(name, { ...this.types[type], regex });
    return name;
  }

  #elsewhere([url = "", ...path]: readonly string[]): string {
    const name = [url, ...path].join(" ");
    let found: unknown = this.#lookup.schema(url);
    for (const step of path) found = own(found as Atomic, step);
    if (!isRecord(found)) return ANYTHING;
    const { array: _, elementReference, type: __, ...rest } = found as SchemaElement;
    if (elementReference !== undefined) return ANYTHING;
    const backbone = this.#lookup.schema(typeOf(found)) ?? {};
    if (!Object.hasOwn(this.types, name)) this.#addComplex(name, mergeElement(backbone, rest));
    return name;
  }

  /** Slices that are told apart by patterns at the same members; others make that validator throw. */
  #slicing({ slicing, elements = {} }: SchemaElement, parent: Atomic, path: string): Atomic {
    const given = members(isRecord(slicing) ? slicing.slices : undefined);
    const slices = given.filter(([, slice]) => isRecord(slice));
    const names = discriminators(slices);
    if (names === undefined) return {};
    const flat = slices.map(([name, slice]): [string, Atomic] => {
      const { url } = slice.match ?? {};
      const definition = typeof url === "string" ? this.#lookup.schema(url) : undefined;
      const schema = mergeElement(definition ?? {}, slice.schema ?? {});
      const inSlice: Atomic = {};
      for (const [child, value] of members(schema.elements)) {
        const whole = mergeElement(own(elements, child), value);
        put(inSlice, child, this.#element(whole, `${path}:${name}.${child}`, false));
      }
      const wanted = slice.match?.value as Atomic;
      for (const member of names) {
        const said = own(inSlice, member) ?? own(parent, member) ?? {};
        put(inSlice, member, { ...said, pattern: single(wanted[member]) });
      }
      return [name, { ...passed(slice), elements: inSlice }];
    });
    const discriminator = names.map((member) => ({ type: "pattern", path: member }));
    return { slicing: { ...shapeOf(slicing), discriminator, slices: Object.fromEntries(flat) } };
  }

  #isPrimitive(element: SchemaElement): boolean {
    const type = typeOf(element);
    return type.startsWith(SYSTEM) || this.#lookup.schema(type)?.kind === "primitive-type";
  }

  /** That validator looks for the name of a choice, which no data has. */
  #required({ required, elements, excluded }: SchemaElement): Atomic {
    const names = strings(required).filter((name) => {
      return own(elements, name)?.choices === undefined && !strings(excluded).includes(name);
    });
    return names.length > 0 ? { required: names } : {};
  }

  #add(name: string, schema: Atomic): Atomic {
    const added = { url: name, name, type: name.split(" ", 1)[0], class: "type", ...schema };
    put(this.types, name, added);
    return added;
  }
}

function typeOf({ type }: SchemaElement): string {
  return typeof type === "string" ? type : "";
}

function passed(element: SchemaElement | SchemaSlice): Atomic {
  return Object.fromEntries(
    PASSED.flatMap((name) => (name in element ? [[name, element[name]]] : [])),
  );
}

function shapeOf(slicing: SchemaSlicing | undefined): Atomic {
  return { rules: slicing?.rules ?? "open", ordered: slicing?.ordered === true };
}

/** The members that tell all slices apart; undefined if there are none. */
function discriminators(slices: readonly [string, SchemaSlice][]): string[] | undefined {
  let names: string[] | undefined;
  for (const [, { match, reslice }] of slices) {
    if (reslice !== undefined || match?.type !== "pattern" || !isRecord(match.value))
      return undefined;
    const own = Object.keys(match.value).sort();
    if (Object.values(match.value).some((one) => Array.isArray(one) && one.length !== 1))
      return undefined;
    if (names !== undefined && names.join(" ") !== own.join(" ")) return undefined;
    names = own;
  }
  return names;
}

/** It compares the items of an array with the pattern one by one. */
function single(pattern: unknown): unknown {
  return Array.isArray(pattern) ? pattern[0] : pattern;
}
