/** The page for everybody: by keyboard, with a screen reader, on a phone, in the dark. */

import assert from "node:assert/strict";
import { fullPage } from "./engines/chromium.js";
import type { Page } from "./engines/engine.js";
import { browserTest, chromiumTest } from "./harness.js";
import {
  choose,
  listed,
  loadUsCore,
  overflow,
  PATIENT,
  RACE,
  row,
  shown,
  US_CORE_ENTRIES,
  withSite,
} from "./page-kit.js";

/** Ratio of WCAG 2.2 AA for text, and for what is no text: charts, borders of inputs. */
const AA = 4.5;

browserTest("everything can be done from the keyboard", () =>
  withSite(async ({ page, complaints }) => {
    await loadUsCore(page);
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };

    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.reload();
    await listed(page, US_CORE_ENTRIES);
    await press("Tab");
    assert.equal(await focused(page), "Skip to the schema");
    assert.ok(await page.locator("#skip").evaluate((link) => link.getBoundingClientRect().x >= 0));
    await press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "main");

    await page.locator("#filter").focus();
    await page.keyboard.type("patient");
    await listed(page, 1);
    await press("ArrowDown", "Enter");
    await shown(page, PATIENT);

    // The tree: one row is in the order of Tab, the arrows move it.
    await page.locator("#collapse").focus();
    await press("Tab");
    assert.equal(await rowName(page), "race");
    await press("ArrowDown", "ArrowDown", "ArrowDown");
    assert.equal(await rowName(page), "identifier");
    await press("ArrowRight", "ArrowRight");
    assert.equal(await row(page, "identifier").getAttribute("aria-expanded"), "true");
    assert.equal(await rowName(page), "system");
    await press("ArrowLeft");
    assert.equal(await rowName(page), "identifier");
    await press("ArrowLeft");
    assert.equal(await row(page, "identifier").getAttribute("aria-expanded"), "false");
    await press("End");
    assert.equal(await rowName(page), "communication");
    await press("g");
    assert.equal(await rowName(page), "gender");
    await press("Home", "Tab");
    assert.equal(await focused(page), "us-core-race");
    await press("Enter");
    await shown(page, RACE);

    await page.locator("#tab-elements").focus();
    await press("ArrowRight");
    await page.locator("#tab-needs[aria-selected=true]").waitFor();
    assert.equal(await focused(page), "Dependencies");
    assert.deepEqual(complaints, []);
  }),
);

browserTest("what has the focus can be seen", () =>
  withSite(async ({ page }) => {
    await loadUsCore(page);
    await choose(page, PATIENT);
    await page.locator("#skip").focus();
    const unseen: string[] = [];
    const places = new Set<string>();
    for (let step = 0; step < 25; step++) {
      await page.keyboard.press("Tab");
      const [seen, what] = await page.evaluate(outlined);
      if (what === "") break;
      places.add(what);
      if (!seen) unseen.push(what);
    }
    assert.deepEqual(unseen, []);
    assert.ok(places.size >= 15, [...places].join("\n"));
  }),
);

const SNAPSHOT = "its driver tells what a screen reader is told";

chromiumTest("everything a reader can act on has a role and a name", SNAPSHOT, () =>
  withSite(async ({ page: driven }) => {
    const page = fullPage(driven);
    await loadUsCore(page);
    await choose(page, PATIENT);
    const tree = await page.locator("main").ariaSnapshot();
    assert.match(tree, /- tab "Elements" \[selected\]/);
    assert.match(tree, /- tree "Elements":/);
    assert.match(tree, /- treeitem "name must support 1\.\.\* HumanName us-core-8 Either /);
    assert.match(tree, /- tabpanel "Elements"/);
    const whole = await page.locator("body").ariaSnapshot();
    for (const part of [
      "- banner",
      "- navigation",
      "- main",
      "- complementary",
      '- list "Stored schemas"',
    ]) {
      assert.ok(whole.includes(part), `${part} in ${whole}`);
    }
    assert.doesNotMatch(whole, /- (button|link|textbox|searchbox|slider|combobox)(:| \[|$)/m);
    const live = page.locator("[role=status], [role=alert]");
    assert.ok((await live.count()) >= 3, "news, work and problems are announced");
  }),
);

for (const colorScheme of ["light", "dark"] as const) {
  browserTest(`all text has a contrast of ${AA} or more: ${colorScheme}`, () =>
    withSite(
      async ({ page }) => {
        const dark = await page.evaluate(() => matchMedia("(prefers-color-scheme: dark)").matches);
        assert.equal(dark, colorScheme === "dark");
        await loadUsCore(page);
        const ground = await page.evaluate(
          () => getComputedStyle(document.documentElement).colorScheme,
        );
        assert.equal(ground, "light dark");
        const found = new Map<string, number>();
        const look = async () => {
          const { texts, low } = await page.evaluate(lowContrasts, AA);
          assert.ok(texts > 100, `only ${texts} texts were looked at`);
          for (const [text, ratio] of low) found.set(text, ratio);
        };
        await look();
        await choose(page, PATIENT);
        await page.locator("#expand").click();
        await look();
        await page.locator("#tab-needs").click();
        await look();
        assert.deepEqual([...found], []);
      },
      { colorScheme },
    ),
  );
}

browserTest(
  "a phone 360 pixels wide needs no scrolling to the side",
  () =>
    withSite(async ({ page }) => {
      await page.setViewportSize({ width: 360, height: 740 });
      await loadUsCore(page);
      assert.equal(await page.evaluate(() => innerWidth), 360);
      const wider = [await overflow(page)];
      assert.equal(await page.locator("#entries").isVisible(), true);
      await choose(page, PATIENT);
      assert.equal(await page.locator("#entries").isVisible(), false);
      await page.locator("#expand").click();
      wider.push(await overflow(page));
      for (const tab of ["#tab-needs", "#tab-json"]) {
        await page.locator(tab).click();
        await page.locator("#json, #needs").waitFor();
        wider.push(await overflow(page));
      }
      await page.locator(".back a").click();
      await listed(page, US_CORE_ENTRIES);
      assert.equal(await page.locator("#entries").isVisible(), true);
      assert.deepEqual(wider, [0, 0, 0, 0]);
    }),
  { webkit: "no window of its small browser is that narrow" },
);

function focused(page: Page): Promise<string | undefined> {
  return page.evaluate(() => document.activeElement?.textContent?.trim());
}

/** The name of the row that has the focus. */
function rowName(page: Page): Promise<string | null | undefined> {
  return page.evaluate(
    () => document.activeElement?.querySelector(":scope > .row > .element > bdi")?.textContent,
  );
}

/** In the page: whether the element with the focus, or its row, has an outline. */
function outlined(): [boolean, string] {
  const active = document.activeElement;
  const candidates = [active, active?.querySelector(":scope > .row")];
  // Between the last and the first element the browser itself has the focus.
  if (active === document.body) return [true, ""];
  const seen = candidates.some((one) => {
    if (!one) return false;
    const { outlineStyle, outlineWidth } = getComputedStyle(one);
    return outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2;
  });
  return [seen, active?.outerHTML.slice(0, 120) ?? "nothing"];
}

/** In the page: how many visible texts there are, and those with less contrast than `wanted`. */
function lowContrasts(wanted: number): { texts: number; low: [string, number][] } {
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  /** Any CSS colour as red, green, blue and alpha: the browser knows its own notations. */
  const rgba = (color: string): number[] => {
    if (!context) throw new Error("no canvas");
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (color: number[]): number => {
    const [red = 0, green = 0, blue = 0] = color.map((channel) => {
      const part = channel / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (start: Element): number[] => {
    for (let one: Element | null = start; one; one = one.parentElement) {
      const color = rgba(getComputedStyle(one).backgroundColor);
      if (color[3] === 255) return color;
      if (color[3] !== 0) throw new Error(`a translucent ground: ${one.outerHTML.slice(0, 80)}`);
    }
    return rgba("white");
  };

  let texts = 0;
  const low: [string, number][] = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent?.trim() ?? "";
    if (!parent?.checkVisibility() || text === "") continue;
    // Controls that are off are exempt.
    if (parent.closest(":disabled, noscript, option, .unseen")) continue;
    texts += 1;
    const levels = [rgba(getComputedStyle(parent).color), ground(parent)].map(luminance);
    const ratio = (Math.max(...levels) + 0.05) / (Math.min(...levels) + 0.05);
    if (ratio < wanted) low.push([`${text.slice(0, 40)} in ${parent.className}`, ratio]);
  }
  return { texts, low };
}
