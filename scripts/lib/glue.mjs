/**
 * The JavaScript half of what wasm-bindgen makes, as functions.
 *
 * Every glue of wasm-bindgen binds one instance per load of its file, and a store wants an instance
 * of its own. As the body of a function it binds a new instance per call. What a binding does not
 * export is left out with all that only it needs.
 */

import { Failure } from "./run.mjs";

/**
 * Nothing is freed by a finaliser: an instance holds one handle and goes with it, and in an instance
 * that trapped a finaliser would fail where nobody can catch it.
 */
const WITHOUT_FINALISERS = { FinalizationRegistry: "undefined", "Symbol.dispose": "undefined" };

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

/** The types of such a module. */
export function glueTypes(name, exported) {
  return `import type * as bound from "./bound.js";
/** A binding of the core to one instance of it. */
export type ${name} = Pick<typeof bound, ${exported.map((one) => `"${one}"`).join(" | ")}> & {
  /** Makes the instance. */
  initSync(from: { module: WebAssembly.Module }): void;
};
/** Makes a binding that is not yet initialised. */
export declare function makeGlue(): ${name};
`;
}
