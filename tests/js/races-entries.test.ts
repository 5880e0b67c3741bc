/**
 * Reads that something comes between at any moment: text and value, value and metadata belong
 * together, and a closed store says so. As in the tests of loads.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry, Resolved } from "../../dist/types.js";
import { filled, GatedAdapter, openStore, turn, until } from "./kit.js";
import { newer, one, openGated, two } from "./races.js";

/** More turns of the microtask queue than any call takes from the answer of the host to its own. */
const MICROTASKS = 40;

async function microtasks(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await null;
}

test("a text that was being read when its key was put again is that of the put", async () => {
  const { gate, store } = await openGated({}, await filled(one));
  gate.shut("bodies");
  const texts = ["u", "u|1.0"].map((request) => store.getText(request));
  const read = await gate.next("bodies");
  await store.put(two);
  read.go();
  gate.open("bodies");
  for (const text of texts) assert.equal(await text, JSON.stringify(two));
  await store.close();
});

test("a text of the newest that was being read when a newer one came is that of the newer", async () => {
  const { gate, store } = await openGated({}, await filled(one));
  gate.shut("bodies");
  const [newest, exact] = [store.getText("u"), store.getText("u|1.0")];
  const read = await gate.next("bodies");
  await store.put(newer);
  read.go();
  gate.open("bodies");
  assert.equal(await newest, JSON.stringify(newer));
  assert.equal(await exact, JSON.stringify(one));
  await store.close();
});

test("an entry's value and metadata belong together, whenever it is put again", async () => {
  const hashes = new Map<number, string>();
  for (const value of [one, two]) {
    const store = await openStore();
    hashes.set(value.n, (await store.put(value)).contentHash);
    await store.close();
  }
  const seen = new Set<number>();
  for (let wait = 0; wait < MICROTASKS; wait += 1) {
    const { gate, store } = await openGated({}, await filled(one));
    gate.shut("bodies");
    const reading = store.entry<typeof one>("u");
    const read = await gate.next("bodies");
    gate.open("bodies");
    read.go();
    await microtasks(wait);
    const puts = [store.put(two)];
    // One of these gets the slot that has become free.
    store.getSync("nobody");
    for (let n = 0; n < 8; n += 1) puts.push(store.put({ url: `other${n}`, version: "1.0" }));
    const { value, metadata } = (await reading) as Entry<typeof one>;
    assert.equal(metadata.canonical, "u|1.0", `after ${wait}`);
    assert.equal(metadata.contentHash, hashes.get(value.n), `after ${wait}`);
    seen.add(value.n);
    await Promise.all(puts);
    await store.close();
  }
  assert.deepEqual([...seen].sort(), [1, 2], "the put came before, and it came after");
});

test("getMany answers the very object that another call has decoded meanwhile", async () => {
  const { gate, store } = await openGated({}, await filled(one, { url: "v" }));
  gate.shut("bodies");
  const many = store.getMany(["u", "v"]);
  const slow = await gate.next("bodies");
  const get = store.get("u");
  (await gate.next("bodies")).go();
  const value = await get;
  slow.go();
  gate.open("bodies");
  const [found] = await many;
  assert.deepEqual(found, one);
  assert.equal(found, value);
  assert.equal(store.getSync("u"), value);
  await store.close();
});

test("closing while the host is read is CLOSED for every read", async () => {
  const { gate, store } = await openGated({}, await filled(one));
  gate.shut("bodies");
  const reads: Promise<unknown>[] = [
    store.get("u"),
    store.getText("u"),
    store.entry("u|1.0"),
    store.getMany(["u|1.0"]),
  ];
  const refused = Promise.all(reads.map((read) => assert.rejects(read, { code: "CLOSED" })));
  await until(() => gate.waiting.bodies.length > 0, "the reads");
  await turn();
  const closing = store.close();
  gate.open("bodies");
  await refused;
  await closing;
});

test("closing while the host is asked for the rows of a URL is CLOSED for every question", async () => {
  const gate = new GatedAdapter(await filled(one));
  gate.shut("index");
  gate.shut("byUrl");
  const store = await openStore({ adapter: gate.adapter });
  const questions: Promise<unknown>[] = [
    store.get("u"),
    store.getText("u"),
    store.entry("u"),
    store.has("u"),
    store.metadata("u"),
    store.delete("u"),
  ];
  const refused = Promise.all(questions.map((one) => assert.rejects(one, { code: "CLOSED" })));
  await until(() => gate.waiting.byUrl.length >= questions.length - 2, "the questions");
  const closing = store.close();
  gate.open("byUrl");
  gate.open("index");
  await refused;
  await closing;
});

test("closing while a body is looked for that is not where its row says is CLOSED", async () => {
  const { gate, place, store } = await openGated({}, await filled(one));
  place.bodies.clear();
  gate.shut("changes");
  const reads: Promise<unknown>[] = [store.get("u"), store.getText("u")];
  const refused = Promise.all(reads.map((read) => assert.rejects(read, { code: "CLOSED" })));
  await gate.next("changes").then((call) => {
    const closing = store.close();
    gate.open("changes");
    call.go();
    return closing;
  });
  await refused;
});

const answers: Record<string, () => Resolved | Promise<Resolved>> = {
  nothing: () => undefined,
  "an entry": () => one,
  "an entry of another name": () => ({ url: "other" }),
  "no object": () => 5 as unknown as Resolved,
  "an error": () => Promise.reject(new Error("the line was cut")),
};

for (const [what, answer] of Object.entries(answers)) {
  test(`closing while the resolver is asked is CLOSED, also where it then answers ${what}`, async () => {
    for (const strategy of ["memory", "memory-disk"] as const) {
      let release = () => {};
      let asked = 0;
      const resolver = async () => {
        asked += 1;
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        return answer();
      };
      const store = await openStore({ strategy, resolver });
      const reads: Promise<unknown>[] = [
        store.get("u"),
        store.getText("u"),
        store.entry("u"),
        store.getMany(["u"]),
      ];
      const refused = Promise.all(reads.map((read) => assert.rejects(read, { code: "CLOSED" })));
      await until(() => asked > 0, "the resolver");
      const closing = store.close();
      release();
      await refused;
      await closing;
    }
  });
}
