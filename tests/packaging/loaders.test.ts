/** What a page is told when the core cannot be loaded, and that a later call tries again. */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { browserTest } from "../browser/harness.js";
import { ROOT, withSite } from "./project.js";

const CORE = "**/core.wasm";
const BLANK = { contentType: "text/html", body: "<!doctype html><title>loader</title>" };

browserTest("the core loads, whatever type the server gives it", async () => {
  await withLoader(async (page) => {
    assert.equal(await load(page, "index"), "loaded");
    await page.reload();
    await page.route(CORE, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, headers: { "content-type": "text/plain" } });
    });
    assert.equal(await load(page, "index"), "loaded");
  });
});

browserTest(
  "a page in place of the core names the inline entry, and the next call tries again",
  async () => {
    await withLoader(async (page) => {
      await page.route(CORE, (route) => route.fulfill(BLANK));
      assert.match(
        await load(page, "index"),
        /^UNSUPPORTED .* is not WebAssembly.*fhir-schema-store\/inline/,
      );
      await page.unroute(CORE);
      assert.equal(await load(page, "index"), "loaded");
    });
  },
);

browserTest("a missing or unreachable core names the inline entry", async () => {
  await withLoader(async (page) => {
    await page.route(CORE, (route) => route.fulfill({ status: 404 }));
    assert.match(
      await load(page, "index"),
      /^UNSUPPORTED .* returned status 404.*fhir-schema-store\/inline/,
    );
    await page.unroute(CORE);
    await page.route(CORE, (route) => route.abort());
    assert.match(
      await load(page, "index"),
      /^UNSUPPORTED .* could not be fetched.*fhir-schema-store\/inline/,
    );
  });
});

browserTest(
  "a policy against WebAssembly is named with its cure; the core needs no other",
  async () => {
    await withLoader(async (page) => {
      const forbid = "default-src 'self'";
      await reload(page, forbid);
      for (const loader of ["index", "index.inline"] as const) {
        assert.match(await load(page, loader), /^UNSUPPORTED .*'wasm-unsafe-eval'/);
      }
      await reload(page, `${forbid}; script-src 'self' 'wasm-unsafe-eval'`);
      for (const loader of ["index", "index.inline"] as const)
        assert.equal(await load(page, loader), "loaded");
    });
  },
);

browserTest(
  "a page that only reads does not load the converter, one that converts does",
  async () => {
    await withLoader(async (page) => {
      const loaded: string[] = [];
      page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
      await page.evaluate(async () => {
        const path = "/index.js";
        const { openSchemaStore }: typeof import("../../dist/index.js") = await import(path);
        const store = await openSchemaStore({ strategy: "memory" });
        await store.put({ url: "http://x.org/A" });
        await store.get("http://x.org/A");
        await store.list();
        await store.stats();
        await store.close();
      });
      assert.ok(loaded.includes("/core.wasm"), `${loaded}`);
      assert.deepEqual(
        loaded.filter((path) => path.includes("convert")),
        [],
      );
      assert.equal(await convert(page, "index"), "loaded");
      assert.ok(loaded.includes("/load/convert.wasm"), `${loaded}`);
    });
  },
);

browserTest("a missing converter names the inline entry, which has it inside", async () => {
  await withLoader(async (page) => {
    await page.route("**/convert.wasm", (route) => route.fulfill({ status: 404 }));
    assert.match(
      await convert(page, "index"),
      /^UNSUPPORTED .*convert\.wasm returned status 404.*fhir-schema-store\/inline/,
    );
    assert.equal(await convert(page, "index.inline"), "loaded");
    await page.unroute("**/convert.wasm");
    assert.equal(await convert(page, "index"), "loaded", "the next call tries again");
  });
});

/** The same of a store that converts a definition. */
function convert(page: Page, entry: "index" | "index.inline"): Promise<string> {
  return page.evaluate(async (path) => {
    const { openSchemaStore } = await import(path);
    const store = await openSchemaStore({ strategy: "memory" });
    const differential = { element: [{ path: "Patient" }] };
    const resourceType = "StructureDefinition";
    try {
      await store.convert({ resourceType, url: "http://x.org/S", differential });
      return "loaded";
    } catch (error) {
      const { code, message } = error as Error & { code: string };
      return `${code} ${message}`;
    } finally {
      await store.close();
    }
  }, `/${entry}.js`);
}

function withLoader(use: (page: Page) => Promise<void>): Promise<void> {
  return withSite(join(ROOT, "dist"), async (page, origin) => {
    await page.route(`${origin}/`, (route) => route.fulfill(BLANK));
    await page.goto(`${origin}/`);
    await use(page);
  });
}

/** Loads the page again under a Content-Security-Policy. */
async function reload(page: Page, policy: string): Promise<void> {
  const url = page.url();
  await page.unroute(url);
  const headers = { "content-security-policy": policy };
  await page.route(url, (route) => route.fulfill({ ...BLANK, headers }));
  await page.reload();
}

/** Opens a store in the page, which loads the core: "loaded", or code and message of the failure. */
function load(page: Page, entry: "index" | "index.inline"): Promise<string> {
  return page.evaluate(async (path) => {
    const { openSchemaStore } = await import(path);
    try {
      const store = await openSchemaStore({ strategy: "memory" });
      await store.close();
      return "loaded";
    } catch (error) {
      const { code, message } = error as Error & { code: string };
      return `${code} ${message}`;
    }
  }, `/${entry}.js`);
}
