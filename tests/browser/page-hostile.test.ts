/** Schemas that mean harm: nothing of them runs, and all of them is shown as text. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Page } from "./engines/engine.js";
import { browserTest } from "./harness.js";
import { jsonFile, listed, overflow, shown, withSite } from "./page-kit.js";

const WWW = fileURLToPath(new URL("../../www/", import.meta.url));

/** What would show that it was run: `owned` is looked for in the page. */
const HOSTILE_TEXTS = [
  '<img src=x onerror="owned=1">',
  "<script>owned=1</script>",
  '"><svg onload=owned=1>',
  "</title></textarea></style><script>owned=1</script>",
  "javascript:owned=1",
  "[click me](javascript:owned=1) ![](x) <a href='javascript:owned=1'>there</a>",
  "data:text/html,<script>owned=1</script>",
  "{{constructor.constructor('owned=1')()}} #{owned=1}",
  "<iframe srcdoc='<script>parent.owned=1</script>'></iframe>",
  "<math><mtext><table><mglyph><style><!--</style><img src onerror=owned=1>",
  "<base href=http://example.invalid/><form action=javascript:owned=1><button>go",
  "__proto__",
  "constructor",
];
const HOSTILE_URLS = [
  "javascript:owned=1",
  "javascript://example.org/%0aowned=1",
  "data:text/html,<script>owned=1</script>",
  'http://example.org/"onmouseover="owned=1',
  "http://example.org/<script>owned=1</script>",
  "http://example.org/?entry=x&tab=json&a=%23",
  "http://example.org/..%2f..%2f__proto__",
  "__proto__",
  "constructor",
];
const RTL = "\u202egnihton\u202c \u2066and\u2069 \u200fmore";

browserTest("hostile schemas are shown as text and run nothing", () =>
  withSite(async ({ page, complaints }) => {
    const definitions = [
      ...HOSTILE_TEXTS.map((text, at) => definition(`http://example.org/text-${at}`, text)),
      ...HOSTILE_URLS.map((url) => definition(url, "Plain")),
    ];
    await page
      .locator("#files")
      .setInputFiles(definitions.map((one, at) => jsonFile(`${at}.json`, one)));
    await listed(page, definitions.length);

    for (const { url, name } of definitions) {
      await open(page, `${url}|1.0.0`);
      await page.locator("#expand").click();
      const text = await page.locator("main").innerText();
      for (const expected of [`${url}|1.0.0`, name]) {
        assert.ok(flat(text).includes(flat(expected)), `${expected} in ${text}`);
      }
      await assertHarmless(page);
      await page.locator("#tab-json").click();
      await page.locator("#json").waitFor();
      assert.equal(JSON.parse((await page.locator("#json").textContent()) ?? "").url, url);
      await page.locator("#tab-needs").click();
      await page.locator("#needed").waitFor();
      await assertHarmless(page);
    }
    assert.deepEqual(complaints, []);
  }),
);

browserTest("text that hides or turns round is written out", () =>
  withSite(async ({ page, complaints }) => {
    const one = {
      ...definition("http://example.org/rtl", `safe${RTL}`),
      title: `T\u200b${RTL}`,
    };
    await page.locator("#files").setInputFiles([jsonFile("rtl.json", one)]);
    await listed(page, 1);
    await open(page, "http://example.org/rtl|1.0.0");
    const text = (await page.locator("body").textContent()) ?? "";
    assert.doesNotMatch(text, /[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]/);
    const title = await page.locator("#title").textContent();
    assert.match(title ?? "", /^T<U\+200B><U\+202E>gnihton<U\+202C> <U\+2066>and<U\+2069>/);
    await page.locator("#tab-json").click();
    await page.locator("#indent").uncheck();
    const json = (await page.locator("#json").textContent()) ?? "";
    assert.doesNotMatch(json, /[\u200f\u202a-\u202e\u2066-\u2069]/);
    assert.equal(JSON.parse(json).name, one.name);
    assert.deepEqual(complaints, []);
  }),
);

browserTest("very long texts, very deep and very wide elements stay readable", () =>
  withSite(async ({ page, complaints }) => {
    await page.setViewportSize({ width: 360, height: 740 });
    const long = "x<b>".repeat(25_000);
    const schemas = [
      { ...schema("long"), name: long, description: long, elements: { [long]: { short: long } } },
      { ...schema("deep"), elements: nested(240) },
      { ...schema("wide"), elements: wide(5000) },
      {
        ...schema("odd"),
        elements: { a: null, b: 1, c: [], d: { type: {}, min: "<b>", elements: [1], slicing: 3 } },
        constraint: { x: null, y: [], z: { human: { a: "<b>" } } },
        extensions: "<b>",
        required: "a",
        excluded: [{}, "gone"],
      },
    ];
    // As text: arguments that nest deep take the harness very long.
    await page.evaluate(
      storeAll,
      schemas.map((one) => JSON.stringify(one)),
    );
    await page.reload();
    await listed(page, schemas.length);

    for (const { url } of schemas) {
      await open(page, url);
      await page.locator("#expand").click();
      assert.equal(await overflow(page), 0, url);
      await assertHarmless(page);
    }
    await open(page, "http://example.org/long");
    assert.match(await page.locator("#title").innerText(), /^(x<b>){150} \.\.\. \(100000 char/);
    await open(page, "http://example.org/wide");
    await page.locator(".more button", { hasText: "4700 left" }).click();
    assert.equal(await page.locator("[role=treeitem]").count(), 600);
    await open(page, "http://example.org/deep");
    await page.locator("#expand").click();
    assert.equal(await page.locator("[role=treeitem]").count(), 240);
    await open(page, "http://example.org/odd");
    const rows = page.locator("[role=treeitem] > .row > .element > bdi");
    assert.deepEqual(await rows.allTextContents(), ["a", "b", "c", "d", "gone"]);
    assert.deepEqual(complaints, []);
  }),
);

browserTest("an address, a file name and a message are text too", () =>
  withSite(async ({ page, complaints }) => {
    const [hostile = ""] = HOSTILE_TEXTS;
    for (const address of [hostile, "<svg/onload=owned=1>", "http://example.org/none|1"]) {
      await openAddress(page, address);
      await page.locator("#title", { hasText: /^Not stored here$/ }).waitFor();
      assert.ok((await page.locator("#entry").innerText()).includes(address));
    }
    await page.locator("#files").setInputFiles([jsonFile(`${hostile}.json`, '{"resourceType":')]);
    await page.locator("#problem-list li").waitFor();
    assert.match((await page.locator("#problem-list").innerText()) ?? "", /SERIALIZATION: .*<img /);
    await assertHarmless(page);
    assert.deepEqual(complaints, []);
  }),
);

browserTest("the policy of the page stops what its code would let through", () =>
  withSite(async ({ page, complaints }) => {
    const refused = await page.evaluate(() => {
      try {
        document.body.innerHTML = "<b>x</b>";
        return "";
      } catch (error) {
        return String(error);
      }
    });
    assert.match(refused, /TrustedHTML|Sink type mismatch/);
    await page.evaluate(() => {
      const link = document.createElement("a");
      link.href = "javascript:owned=1";
      document.body.append(link);
      link.click();
    });
    for (let tries = 0; complaints.length === 0 && tries < 100; tries += 1) {
      await page.waitForTimeout(50);
    }
    assert.equal(await page.evaluate(() => "owned" in globalThis), false);
    assert.ok(complaints.some((one) => /Content Security Policy|TrustedHTML|policy:/.test(one)));
    const policy = /content="(default-src[^"]*)"/.exec(await readFile(`${WWW}index.html`, "utf8"));
    assert.match(policy?.[1] ?? "", /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval';/);
  }),
);

type Schema = { readonly url: string } & Record<string, unknown>;

/** A StructureDefinition with one text in every place that has room for it. */
function definition(url: string, text: string) {
  return {
    resourceType: "StructureDefinition",
    url,
    version: "1.0.0",
    name: text,
    title: text,
    description: text,
    type: "Patient",
    kind: "resource",
    status: "draft",
    abstract: false,
    derivation: "constraint",
    baseDefinition: HOSTILE_URLS.find((other) => other !== url),
    differential: {
      element: [
        { id: "Patient", path: "Patient" },
        {
          id: "Patient.name",
          path: "Patient.name",
          short: text,
          type: [{ code: text }],
          binding: { strength: "required", valueSet: HOSTILE_URLS[2] },
          constraint: [{ key: text, severity: "error", human: text, expression: text }],
        },
      ],
    },
  };
}

function schema(name: string): Schema {
  return { url: `http://example.org/${name}`, name };
}

function nested(depth: number): Record<string, unknown> {
  let elements: Record<string, unknown> = { last: { type: "string" } };
  for (let level = depth - 1; level > 0; level--) elements = { [`level${level}`]: { elements } };
  return elements;
}

function wide(count: number): Record<string, unknown> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`e${at}`, { index: at }]));
}

/** In the page: what cannot come out of a conversion is put directly. */
async function storeAll(texts: string[]): Promise<void> {
  const index = new URL("dist/index.js", location.href).href;
  const { openSchemaStore }: typeof import("../../dist/index.js") = await import(index);
  const store = await openSchemaStore();
  for (const text of texts) await store.putText(text);
  await store.close();
}

/** Opens an entry by its address. */
async function open(page: Page, canonical: string): Promise<void> {
  await openAddress(page, canonical);
  await shown(page, canonical);
}

async function openAddress(page: Page, canonical: string): Promise<void> {
  await page.evaluate((canonical) => {
    location.hash = `#${new URLSearchParams({ entry: canonical })}`;
  }, canonical);
}

async function assertHarmless(page: Page): Promise<void> {
  const found = await page.evaluate(() => ({
    owned: "owned" in globalThis,
    elements: document.querySelectorAll(
      "body :is(script, img, iframe, object, embed, style, base, form, math, [onerror], [onload], [onmouseover], [style*=url])",
    ).length,
    links: [...document.links]
      .map(({ href }) => href)
      .filter((href) => !href.startsWith(location.origin)),
  }));
  assert.deepEqual(found, { owned: false, elements: 0, links: [] });
}

function flat(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
