/**
 * Reads the declaration files that tsc wrote: what a module exports, with doc comments. It relies on
 * how tsc prints them: every statement begins in the first column and nothing else does, but `}`.
 */

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure } from "./run.mjs";

const DECLARATION =
  /^(?:export )?(?:declare )?(?:abstract )?(interface|type|class|function|const) (\w+)/;
/** A statement is one line, or ends at the next line that begins with a brace. */
const COMMENT_OR_STATEMENT = /^\/\*\*[\s\S]*?\*\/$|^[^\s/}](?:.*[;}]$|[\s\S]*?\n}.*$)/gm;
const RE_EXPORT = /^(?:export|import) (?:type )?(\*|\{[^}]*\}) from "(.+)\.js";$/;
/** Passes on what was imported under these names. */
const LOCAL_EXPORT = /^export (?:type )?(\{[^}]+\});$/;

/**
 * The exports of a declaration file by name, those it passes on among them. Each is
 * `{ name, kind, doc, code, file }`.
 */
export function exportsOf(file) {
  const found = new Map();
  const all = statements(readFileSync(file, "utf8"));
  for (const one of all.flatMap((statement) => exported(statement, all, file))) {
    if (!found.has(one.name)) found.set(one.name, one);
  }
  return found;
}

function exported({ doc, code }, all, file) {
  if (!code.startsWith("export ") || code === "export {};") return [];
  const line = oneLine(code);
  const [, names, module] = RE_EXPORT.exec(line) ?? [];
  if (module !== undefined) return passedOn(names, join(dirname(file), `${module}.d.ts`));
  const [, local] = LOCAL_EXPORT.exec(line) ?? [];
  if (local !== undefined) return listed(local).flatMap((name) => imported(name, all, file));
  const [, kind, name] = DECLARATION.exec(code) ?? [];
  if (name === undefined) throw new Failure(`${file}: ${code}`);
  return [{ name, kind, doc, code, file }];
}

/** What a file imports under a name. */
function imported(name, all, file) {
  for (const { code } of all.filter(({ code }) => code.startsWith("import "))) {
    const [, names = "*", module] = RE_EXPORT.exec(oneLine(code)) ?? [];
    if (names === "*" || !listed(names).includes(name)) continue;
    return passedOn(`{ ${name} }`, join(dirname(file), `${module}.d.ts`));
  }
  throw new Failure(`${file} does not import ${name}`);
}

function oneLine(code) {
  return code.replace(/\s*\n\s*/g, " ");
}

function passedOn(names, file) {
  const theirs = exportsOf(file);
  if (names === "*") return [...theirs.values()];
  return listed(names).map((name) => {
    if (!theirs.has(name)) throw new Failure(`${file} does not export ${name}`);
    return theirs.get(name);
  });
}

/** What the comment at the top of a file says; undefined when it belongs to a declaration. */
export function fileDoc(file) {
  const [{ doc, code }] = statements(readFileSync(file, "utf8"));
  return DECLARATION.test(code) ? undefined : doc;
}

/** The members of an interface or class as `{ doc, code }`. */
export function membersOf(code) {
  const body = code.split("\n").slice(1, -1);
  return statements(body.map((line) => line.replace(/^ {4}/, "")).join("\n"));
}

/** Statements, each with the comment before it; a comment before another has no code. */
function statements(text) {
  const found = [];
  let doc;
  for (const [code] of text.matchAll(COMMENT_OR_STATEMENT)) {
    if (code.startsWith("/**")) {
      if (doc !== undefined) found.push({ doc, code: "" });
      doc = plain(code);
    } else {
      found.push({ doc, code });
      doc = undefined;
    }
  }
  return found;
}

/** A doc comment without its frame. */
function plain(comment) {
  return comment
    .replace(/^\/\*\*|\*\/$/g, "")
    .replace(/^ *\* ?/gm, "")
    .trim();
}

function listed(names) {
  return names
    .slice(1, -1)
    .split(",")
    .map((name) => name.replace(/^\s*type /, "").trim())
    .filter((name) => name !== "");
}
