/**
 * The JavaScript half of what wasm-bindgen makes, cut to what this package needs of it.
 *
 * Every glue of wasm-bindgen binds one instance per load of its file, and a store wants an instance
 * of its own. The glue of the `no-modules` target is one expression without imports or exports, so
 * as the body of a function it binds a new instance per call. All targets give the same `.wasm`.
 *
 * An instance holds one handle and goes with it, and a store throws an instance away in which a call
 * failed with anything but an error of the core: nothing is freed by a finaliser or after a failure.
 */

import { Failure } from "./run.mjs";

/** What stands for wasm-bindgen's own helpers in the compact form. */
const HELPERS = `
    let wasm, WASM_VECTOR_LEN = 0, place = 0, values = [];
    const encoder = new TextEncoder();
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    function pass(items, View = Uint8Array) {
        const size = View.BYTES_PER_ELEMENT;
        const ptr = wasm.__wbindgen_malloc(items.length * size, size) >>> 0;
        WASM_VECTOR_LEN = items.length;
        new View(wasm.memory.buffer, ptr, WASM_VECTOR_LEN).set(items);
        return ptr;
    }
    function passText(text) {
        return pass(encoder.encode(text));
    }
    function passOptional(text) {
        return text == null ? 0 : passText(text);
    }
    function returned(at) {
        if (values.length === 0) values = new Int32Array(wasm.memory.buffer, place, 4);
        return values[at];
    }
    function take(View = Uint8Array) {
        const ptr = returned(0), length = returned(1);
        if (ptr === 0) return undefined;
        const size = View.BYTES_PER_ELEMENT;
        const copy = new View(wasm.memory.buffer, ptr >>> 0, length).slice();
        wasm.__wbindgen_free(ptr, length * size, size);
        return copy;
    }
    function takeText() {
        const bytes = take();
        return bytes && decoder.decode(bytes);
    }
    function check(at) {
        if (returned(at)) throw takeFromExternrefTable0(returned(at - 1));
    }
    function getStringFromWasm0(ptr, len) {
        return decoder.decode(new Uint8Array(wasm.memory.buffer, ptr >>> 0, len));
    }
    function initSync({ module }) {
        wasm = new WebAssembly.Instance(module, __wbg_get_imports()).exports;
        wasm.__wbindgen_start();
        place = wasm.__wbindgen_malloc(16, 4) >>> 0;
    }
`;

/** Shapes of statements and what they come to, replaced in this order; other shapes stay. */
const SHAPES = [
  [/(?<!function )passStringToWasm0\((\w+), .*?, .*?\)/g, "passText($1)"],
  [/isLikeNone\((\w+)\) \? 0 : passText\(\1\)/g, "passOptional($1)"],
  [/(?<!function )passArray8ToWasm0\((\w+), .*?\)/g, "pass($1)"],
  [/(?<!function )passArray32ToWasm0\((\w+), .*?\)/g, "pass($1, Uint32Array)"],
  [/(?<!function )passArrayF64ToWasm0\((\w+), .*?\)/g, "pass($1, Float64Array)"],
  // What an import throws ends the call.
  [
    /function\(\) \{ return handleError\(function \((.*?)\) \{\n(.*?)\}, arguments\); \}/gs,
    "function($1) {\n$2}",
  ],
  // An error is the last of what is returned, before a flag.
  [
    /if \(returned\((\d)\)\) \{\n\s*throw takeFromExternrefTable0\(returned\(\d\)\);\n\s*\}/g,
    "check($1);",
  ],
  [
    /let (v\d+);\n\s*if \(returned\(0\) !== 0\) \{\n\s*\1 = (.*);\n(\s*wasm\.__wbindgen_free.*\n)\s*\}/g,
    "var $1 = $2;\n$3",
  ],
  ...[
    [/getArrayU8FromWasm0\(.*\)\.slice\(\)/, "take()"],
    [/getArrayU32FromWasm0\(.*\)\.slice\(\)/, "take(Uint32Array)"],
    [/getArrayF64FromWasm0\(.*\)\.slice\(\)/, "take(Float64Array)"],
    [/getStringFromWasm0\(.*\)/, "takeText()"],
  ].map(([taken, short]) => [
    new RegExp(`var (v\\d+) = ${taken.source};\\n.*__wbindgen_free.*\\n\\s*return \\1;`, "g"),
    `return ${short};`,
  ]),
];

/**
 * A module whose `makeGlue` binds a new instance: wasm-bindgen's `script` without the exports in
 * `lacking` and without what only they need; `names` are those of the wasm's imports and exports.
 */
export function glueModule(script, lacking, names) {
  let body = withoutExports(script.replace(/^ *\/\*\*.*?\*\/\n/gms, ""), [...lacking, "start"]);
  body = cut(body, [
    ["let wasm_bindgen = ", "    class "],
    ["    let wasmModule, ", undefined],
  ]);
  const exported = [];
  body = body.replace(/^ {4}exports\.(\w+) = \1;\n/gm, (_, name) => {
    exported.push(name);
    return "";
  });
  body = inOnePlace(withoutFinalisers(body)).replace(
    /^( {4,8})(function )?\w+\(.*?^\1\}\n/gms,
    inlined,
  );
  for (const [shape, short] of SHAPES) body = body.replace(shape, short);
  const returned = `    return { initSync, ${exported.join(", ")} };\n`;
  body = withoutUnused(withoutReplaced(body) + HELPERS + returned);
  // The place has room for four words.
  if (/retptr|stack_pointer|returned\([4-9]/.test(body)) {
    throw new Failure("a call of wasm-bindgen's glue returns more than its place can hold");
  }
  return `export function makeGlue() {\n${renamed(body, names)}}\n`;
}

/** The types of the whole binding. */
export function glueTypes(types) {
  const lines = [
    types.replace(/^ *(free|\[Symbol\.dispose\])\(\): void;\n/gm, ""),
    "/** A binding of the core to one instance of it. */",
    'export type Glue = Omit<typeof wasm_bindgen, "initSync" | "start"> & {',
    "  /** Makes the instance. */",
    "  initSync(from: { module: WebAssembly.Module }): void;",
    "};",
    "/** Makes a binding that is not yet initialised. */",
    "export declare function makeGlue(): Glue;",
  ];
  return [...lines, ""].join("\n");
}

/** The types of a binding without some exports. */
export function typesWithout(name, lacking) {
  const lines = [
    'import type { Glue } from "./glue.js";',
    `/** A binding of the core without ${lacking.join(", ")}. */`,
    `export type ${name} = Omit<Glue, ${lacking.map((one) => `"${one}"`).join(" | ")}>;`,
    "/** Makes a binding that is not yet initialised. */",
    `export declare function makeGlue(): ${name};`,
  ];
  return [...lines, ""].join("\n");
}

/** A text without what stands from the first mark of each pair up to the second, or to the end. */
function cut(text, marks) {
  return marks.reduce((rest, [from, to]) => {
    const begin = rest.indexOf(from);
    const end = to === undefined ? rest.length : rest.indexOf(to, begin);
    if (begin < 0 || end < 0) throw new Failure(`wasm-bindgen's glue has no "${from}"`);
    return rest.slice(0, begin) + rest.slice(end);
  }, text);
}

function withoutExports(script, lacking) {
  return lacking.reduce((rest, name) => {
    const definition = `^ {4}(class|function) ${name}\\b.*?exports\\.${name} = ${name};\n`;
    const shape = new RegExp(definition, "ms");
    if (!shape.test(rest)) throw new Failure(`wasm-bindgen's glue has no ${name}`);
    return rest.replace(shape, "");
  }, script);
}

function withoutFinalisers(body) {
  return body
    .replace(/^ {4}const \w+Finalization = .*?;\n/gms, "")
    .replace(/^.*\b\w+Finalization\.(un)?register\(.*\n/gm, "")
    .replace(/^ {8}free\(\) \{\n.*?^ {8}\}\n/gms, "")
    .replace(/^ {4}if \(Symbol\.dispose\).*\n/gm, "");
}

/**
 * With one place for what calls return if it is more than one value, instead of one per call on the
 * stack: nothing the core calls calls into it, so no two calls are under way at once.
 */
function inOnePlace(body) {
  const framed =
    /^( *)try \{\n *const retptr = [^\n]*\n(.*?)^\1\} finally \{\n[^\n]*stack_pointer\(16\);\n(.*?)^\1\}\n/gms;
  return body
    .replace(framed, (_, indent, calls, last) =>
      last === "" ? calls : `${indent}try {\n${calls}${indent}} finally {\n${last}${indent}}\n`,
    )
    .replace(/\(retptr\b/g, "(place")
    .replace(/^ *var r\d = getDataViewMemory0\(\)\.getInt32\(.*\n/gm, "")
    .replace(/\br(\d)\b/g, "returned($1)");
}

/** A function whose arguments are passed where they are used: they are evaluated in that order. */
function inlined(text) {
  const values = new Map();
  const rest = text
    .replace(/^ *let (ptr|len)\d.*\n/gm, "")
    .replace(/^ *try \{\n(.*?)^ *\} catch \(e\) \{\n.*?^ *throw e;\n *\}\n/gms, "$1")
    .replace(/^ *(?:const )?((?:ptr|len|val)\d+) = \+?(.*);\n/gm, (_, name, value) => {
      values.set(name, value);
      return "";
    });
  return rest.replace(/\b(?:ptr|len|val)\d+\b/g, (name) => values.get(name) ?? name);
}

/** Helpers that have another definition now. */
function withoutReplaced(body) {
  return body
    .replace(/^ {4}function getStringFromWasm0\(.*?^ {4}\}\n/gms, "")
    .replace(/^ {4}(let|const) (WASM_VECTOR_LEN|cachedTextEncoder|cachedTextDecoder) = .*\n/gm, "")
    .replace(/^ {4}cachedTextDecoder\.decode\(\);\n/gm, "");
}

/** Without functions and caches that nothing names but they themselves. */
function withoutUnused(body) {
  const definition =
    /^ {4}function (\w+)\(.*?^ {4}\}\n|^ {4}let (cached\w+) = null;\n|^ {8}(__\w+)\(.*?^ {8}\}\n/gms;
  const rest = body.replace(definition, (text, ...names) => {
    const named = new RegExp(`\\b${names.find((name) => name !== undefined)}\\b`, "g");
    return body.match(named).length === text.match(named).length ? "" : text;
  });
  return rest === body ? body : withoutUnused(rest);
}

/** With the short names of the wasm; the module of all that comes in is `a`. */
function renamed(body, { imports, exports }) {
  return body
    .replace(/^ *__proto__: null,\n/gm, "")
    .replace(/\b__wbg_ptr\b/g, "ptr")
    .replace('"./bound_bg.js"', "a")
    .replace(/^ {12}(__wb\w+):/gm, (_, name) => `            ${known(imports, name)}:`)
    .replace(/\bwasm\.(\w+)/g, (_, name) => `wasm.${known(exports, name)}`);
}

function known(names, name) {
  const short = names.get(name);
  if (short === undefined) throw new Failure(`the core neither imports nor exports ${name}`);
  return short;
}
