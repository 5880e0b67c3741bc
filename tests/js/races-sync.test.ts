/** What is on its way to the host while others write, while the index is read or saved, and after a failure. */

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  filled,
  GatedAdapter,
  type MemoryPlace,
  memoryAdapter,
  openStore,
  readBack,
  turn,
  until,
} from "./kit.js";
import { newer, one, openGated, two } from "./races.js";

/** Lets timers run only as the test says; steps of a second, with a turn of the event loop after each. */
function heldTimers(context: TestContext): (seconds: number) => Promise<void> {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  return async (seconds) => {
    for (let step = 0; step < seconds; step += 1) {
      context.mock.timers.tick(1000);
      await turn();
    }
  };
}

test("a put on its way is not hidden by a deletion elsewhere", async () => {
  const { gate, store, place } = await openGated({}, await filled(one));
  const other = await openStore({ adapter: memoryAdapter(place) });
  gate.shut("changes");
  gate.shut("commit");
  await other.delete("u");
  await other.flush();
  await store.put(two);
  gate.open("changes");
  await store.refresh();
  assert.deepEqual(store.getSync("u"), two);
  assert.deepEqual(await store.get("u|1.0"), two);
  assert.equal(await store.getText("u"), JSON.stringify(two));
  assert.equal(await store.size(), 1);
  gate.open("commit");
  await store.flush();
  assert.deepEqual(await readBack(place, "u"), two);
  await other.close();
  await store.close();
});

test("a deletion on its way is not undone by a put elsewhere, nor by the index", async () => {
  for (const way of ["changes", "index"] as const) {
    const place = await filled(one, newer);
    const gate = new GatedAdapter(place);
    gate.shut(way);
    const store = await openStore({ adapter: gate.adapter });
    if (way === "changes") await store.size();
    gate.shut("commit");
    assert.equal(await store.delete("u|2.0"), true);
    if (way === "changes") {
      const other = await openStore({ adapter: memoryAdapter(place) });
      await other.put({ ...newer, n: 9 }, { durable: true });
      await other.close();
    }
    gate.open(way);
    await store.refresh();
    assert.equal(await store.has("u|2.0"), false, way);
    assert.deepEqual(await store.get("u"), one, way);
    gate.open("commit");
    await store.close();
    assert.deepEqual(await readBack(place, "u"), one, way);
  }
});

test("an index that comes while a put is on its way does not bring back what that replaced", async () => {
  const place = await filled(one, newer);
  const gate = new GatedAdapter(place);
  gate.shut("index");
  gate.shut("commit");
  const store = await openStore({ adapter: gate.adapter });
  await store.put(two);
  await store.put({ url: "v" });
  gate.open("index");
  assert.equal(await store.size(), 3);
  assert.deepEqual(await store.get("u|1.0"), two);
  assert.deepEqual(await store.get("u"), newer);
  assert.equal(await store.getText("u|1.0"), JSON.stringify(two));
  assert.deepEqual(await store.get("v"), { url: "v" });
  gate.open("commit");
  await store.close();
  assert.deepEqual(await readBack(place, "u|1.0"), two);
  assert.deepEqual(await readBack(place, "v"), { url: "v" });
});

/** What a store finds that starts on the place as it is now, as after the end of a page. */
async function foundBy(place: MemoryPlace): Promise<unknown[]> {
  const store = await openStore({ adapter: memoryAdapter(place) });
  const found = [];
  for (const { canonical } of await store.list()) found.push(await store.get(canonical));
  await store.close();
  return found;
}

test("the index that is saved names nothing the host does not have", async (context) => {
  const { gate, store, place } = await openGated();
  const pass = heldTimers(context);
  await store.put(one, { durable: true });
  gate.shut("commit");
  await store.put(newer);
  await store.put(two);
  await pass(10);
  assert.ok(gate.calls.commit > 1, "the puts are on their way");
  assert.deepEqual(await foundBy(place), [one]);
  gate.open("commit");
  await store.flush();
  await pass(10);
  assert.equal(place.index?.token, place.token, "it is saved when all is written");
  assert.deepEqual(await foundBy(place), [two, newer]);
  await store.close();
});

test("a background write that failed is tried again until it succeeds, without being asked", async (context) => {
  const { gate, store, place } = await openGated();
  const pass = heldTimers(context);
  gate.shut("commit");
  await store.put(one);
  for (let failures = 0; failures < 3; failures += 1) {
    for (let s = 0; s < 60 && gate.waiting.commit.length === 0; s += 1) await pass(1);
    (await gate.next("commit")).fail(new Error("no space"));
    await until(() => store.health().writeError !== undefined, "the failure");
  }
  assert.equal(place.rows.size, 0);
  gate.open("commit");
  for (let s = 0; s < 60 && place.rows.size === 0; s += 1) await pass(1);
  assert.equal(place.rows.size, 1);
  await until(() => store.health().ok, "a healthy store");
  assert.equal(store.health().pendingWrites, 0);
  assert.deepEqual(await foundBy(place), [one]);
  await store.close();
});

test("a row that could not be read again after a commit is as the host has it after the next refresh", async () => {
  const { gate, store, place } = await openGated({}, await filled(one));
  const other = await openStore({ adapter: memoryAdapter(place) });
  const { adapter } = gate;
  const { commit, rows } = adapter;
  let [isHeld, failing] = [true, 0];
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  // The host has written when it answers late: the other store writes in between.
  adapter.commit = async (...args) => {
    const token = await commit(...args);
    if (isHeld) await answered;
    return token;
  };
  adapter.rows = async (keys) => {
    if (failing > 0) {
      failing -= 1;
      throw new Error("the disk does not answer");
    }
    return rows(keys);
  };
  const updating = store.update("u|1.0", () => ({ ...one, n: 7 }));
  await until(() => [...place.rows.values()].length === 1 && place.token === 2, "the commit");
  await other.refresh();
  await other.put(two, { durable: true });
  await store.refresh();
  [isHeld, failing] = [false, 1];
  answer();
  await updating;
  assert.equal(failing, 0, "it was to be read again");
  await store.refresh();
  assert.deepEqual(await store.get("u|1.0"), two);
  await Promise.all([store.close(), other.close()]);
});
