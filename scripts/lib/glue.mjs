/**
 * The JavaScript half of what wasm-bindgen makes, as functions.
 *
 * Every glue of wasm-bindgen binds one instance per load of its file, and a store wants an instance
 * of its own. As the body of a function it binds a new instance per call. What a binding does not
 * export is left out with all that only it needs.
 */

import { readFileSync } from "node:fs";
import { Failure } from "./run.mjs";

/**
 * Nothing is freed by a finaliser: an instance holds one handle and goes with it, and in an instance
 * that trapped a finaliser would fail where nobody can catch it.
 */
const WITHOUT_FINALISERS = { FinalizationRegistry: "undefined", "Symbol.dispose": "undefined" };

/**
 * How strings cross, in place of wasm-bindgen's way, which hands each to a TextEncoder and returns what a
 * TextDecoder makes. Chromium moves the characters of a string that it is given out of V8's heap, for good, and
 * those of one that it makes were never there. Of such a string as a key a look-up takes several times as long,
 * in every Map of the page. So the encoder gets a copy, and what is returned is one. As long as most keys are,
 * a string is faster written by hand; for longer ones the loop is not, least of all before it is compiled.
 */
const STRINGS = [
  `function passStringToWasm0(text, malloc) {
    const { length } = text;
    if (length <= 128) {
      const at = malloc(length, 1) >>> 0;
      const memory = getUint8ArrayMemory0();
      let end = 0;
      for (; end < length; end++) {
        const code = text.charCodeAt(end);
        if (code > 0x7f) break;
        memory[at + end] = code;
      }
      WASM_VECTOR_LEN = end;
      if (end === length) return at;
      wasm.__wbindgen_free(at, length, 1);
    }
    return passArray8ToWasm0(cachedTextEncoder.encode(text + "\\0").subarray(0, -1), malloc);
  }`,
  `function getStringFromWasm0(at, length) {
    return (" " + decodeText(getUint8ArrayMemory0().subarray(at >>> 0, (at >>> 0) + length))).slice(1);
  }`,
];

/** The exports of a module, at its end. */
const EXPORTS = /export ?\{([\s\w,]*)\};\s*$/;

/**
 * A module whose `makeGlue` makes a new binding with these exports of wasm-bindgen's module; `names` are
 * the short ones of what goes into the wasm and comes out, by the long ones.
 */
export async function glueModule(bound, exported, names) {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    stdin: {
      contents: `export { ${["initSync", ...exported].join(", ")} } from ${JSON.stringify(bound)};`,
      resolveDir: ".",
    },
    plugins: [strings],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    treeShaking: true,
    define: WITHOUT_FINALISERS,
    mangleProps: new RegExp(`^(${Object.keys(names).join("|")})$`),
    mangleCache: names,
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: "warning",
  });
  const script = outputFiles[0].text;
  if (!EXPORTS.test(script)) throw new Failure("wasm-bindgen's module does not end with exports");
  return `export function makeGlue() {\n${script.replace(EXPORTS, "return {$1};")}}\n`;
}

/** Puts our way for strings in place of wasm-bindgen's. */
const strings = {
  name: "strings",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]bound\.js$/ }, ({ path }) => {
      let contents = readFileSync(path, "utf8");
      for (const ours of STRINGS) {
        const head = ours.slice(0, ours.indexOf("(") + 1);
        const from = contents.indexOf(`\n${head}`) + 1;
        if (from === 0) throw new Failure(`wasm-bindgen's module has no ${head}`);
        const end = contents.indexOf("\n}\n", from) + 2;
        contents = contents.slice(0, from) + ours + contents.slice(end);
      }
      return { contents };
    });
  },
};

/** The types of such a module. */
export function glueTypes(name, exported, bound) {
  return `import type * as bound from "${bound}";
/** A binding of a module to one instance of it. */
export type ${name} = Pick<typeof bound, ${exported.map((one) => `"${one}"`).join(" | ")}> & {
  /** Makes the instance. */
  initSync(from: { module: WebAssembly.Module }): void;
};
/** Makes a binding that is not yet initialised. */
export declare function makeGlue(): ${name};
`;
}
