/** Under a policy that forbids WebAssembly: the same error in every engine, wherever it is refused. */

import assert from "node:assert/strict";
import { browserTest, withBrowser } from "./harness.js";

browserTest("a policy against WebAssembly is UNSUPPORTED, and is told with its cure", () =>
  withBrowser(async ({ newPage, origin, files }) => {
    const page = await newPage();
    const under = async (policy: string, entry: string): Promise<string> => {
      const text = `<!doctype html><title>policy</title>
        <meta http-equiv="content-security-policy" content="script-src ${policy}">`;
      files.set("/policy.html", () => Buffer.from(text));
      await page.goto(`${origin}/policy.html`);
      return page.evaluate(`(async () => {
        const { openSchemaStore } = await import("/dist/${entry}");
        try {
          const store = await openSchemaStore();
          await store.put({ url: "u" }, { durable: true });
          return "stored";
        } catch (error) {
          return error.code + " " + error.message;
        }
      })()`);
    };
    for (const entry of ["index.js", "index.inline.js"]) {
      const forbidden =
        /^UNSUPPORTED the core could not be compiled; .*'wasm-unsafe-eval' in script/;
      assert.match(await under("'self'", entry), forbidden);
      assert.equal(await under("'self' 'wasm-unsafe-eval'", entry), "stored");
    }
  }),
);
