/**
 * Loads that something overtakes: a write, a close, a caller who gives up. Each test says in which
 * order things happen, and what must be true then.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { filled, GatedAdapter, MemoryPlace, openStore, outcome, turn, until } from "./kit.js";
import { newer, one, openGated, two } from "./races.js";

test("a load that began before a put of its key answers what was put", async () => {
  const { gate, store } = await openGated({}, await filled(one));
  gate.shut("bodies");
  const got = ["u", "u|1.0"].map((request) => store.get(request));
  const read = await gate.next("bodies");
  await store.put(two);
  read.go();
  gate.open("bodies");
  for (const [index, request] of ["u", "u|1.0"].entries()) {
    assert.deepEqual(await got[index], two);
    assert.deepEqual(store.getSync(request), two);
    assert.deepEqual(await store.get(request), two);
  }
  await store.close();
});

test("a load of the newest that began before a newer put answers the newer one", async () => {
  const { gate, store } = await openGated({}, await filled(one));
  gate.shut("bodies");
  const [newest, exact] = [store.get("u"), store.get("u|1.0")];
  await gate.next("bodies").then((read) => {
    void store.put(newer);
    read.go();
  });
  gate.open("bodies");
  assert.deepEqual(await newest, newer);
  assert.deepEqual(await exact, one);
  assert.deepEqual(store.getSync("u"), newer);
  assert.deepEqual(store.getSync("u|1.0"), one);
  await store.close();
});

for (const way of ["delete", "clear"] as const) {
  test(`a load that began before a ${way} of its key brings nothing back`, async () => {
    const { gate, store } = await openGated({}, await filled(one));
    gate.shut("bodies");
    const got = store.get("u");
    const read = await gate.next("bodies");
    const gone = way === "delete" ? store.delete("u") : store.clear();
    await turn();
    read.go();
    gate.open("bodies");
    await gone;
    assert.equal(await got, undefined);
    assert.equal(store.getSync("u"), undefined);
    assert.equal(await store.has("u"), false);
    await store.close();
  });

  test(`an answer of the network that is older than a ${way} is not kept`, async () => {
    for (const there of [true, false]) {
      const { promise, resolve } = withResolvers<object>();
      let asked = 0;
      const resolver = () => {
        asked += 1;
        return promise;
      };
      const store = await openStore({ strategy: "memory", resolver });
      const got = store.get("u|1.0");
      await until(() => asked === 1, "the resolver");
      if (there) await store.put(two);
      await (way === "delete" ? store.delete("u|1.0") : store.clear());
      resolve(one);
      await got;
      assert.equal(await store.has("u|1.0"), false, `there: ${there}`);
      assert.equal(store.getSync("u|1.0"), undefined);
      await store.close();
    }
  });
}

test("deleting one key leaves a network load of another alone", async () => {
  const { promise, resolve } = withResolvers<object>();
  const store = await openStore({ strategy: "memory", resolver: () => promise });
  await store.put({ url: "other" });
  const got = store.get("u");
  await turn();
  await store.delete("other");
  resolve(one);
  assert.deepEqual(await got, one);
  assert.equal(await store.has("u"), true);
  await store.close();
});

test("a put that came while the network was busy wins, even when it has left memory", async () => {
  const { promise, resolve } = withResolvers<object>();
  const { store } = await openGated({ maxEntries: 1, resolver: () => promise });
  const got = store.get("u|1.0");
  await turn();
  await store.put(two, { durable: true });
  await store.put({ url: "other" }, { durable: true });
  resolve(one);
  assert.deepEqual(await got, two);
  assert.deepEqual(await store.get("u|1.0"), two);
  await store.close();
});

test("the network answers while the index is still being read", async () => {
  const gate = new GatedAdapter(new MemoryPlace());
  gate.shut("index");
  const store = await openStore({ adapter: gate.adapter, resolver: async () => one });
  assert.deepEqual(await store.get("u|1.0"), one);
  assert.equal((await store.entry("u|1.0"))?.metadata.origin, "resolver");
  gate.open("index");
  await store.close();
});

test("many at once wait for the index instead of asking for each", async () => {
  const values = Array.from({ length: 20 }, (_, n) => ({ url: `u${n}`, n }));
  const gate = new GatedAdapter(await filled(...values));
  gate.shut("index");
  const store = await openStore({ adapter: gate.adapter });
  const found = store.getMany(values.map(({ url }) => url));
  await turn();
  gate.open("index");
  assert.deepEqual(await found, values);
  assert.equal(gate.calls.byUrl, 0);
  assert.equal(gate.calls.bodies, 1);
  await store.close();
});

test("a hundred concurrent gets make one read and one question to the network", async () => {
  const { gate, store } = await openGated({}, await filled(one));
  const many = await Promise.all(Array.from({ length: 100 }, () => store.get("u")));
  assert.equal(gate.calls.bodies, 1);
  assert.equal(new Set(many).size, 1);
  await store.close();

  let asked = 0;
  const resolver = async () => {
    asked += 1;
    await turn();
    return two;
  };
  const online = await openStore({ strategy: "memory", resolver });
  const answers = await Promise.all(Array.from({ length: 100 }, () => online.get("u|1.0")));
  assert.equal(asked, 1);
  assert.equal(new Set(answers).size, 1);
  assert.deepEqual(answers[0], two);
  await online.close();
});

test("each caller gives up alone; the last one stops the resolver", async () => {
  const { promise, resolve } = withResolvers<object>();
  const signals: AbortSignal[] = [];
  const resolver = (_canonical: string, { signal }: { signal: AbortSignal }) => {
    signals.push(signal);
    return Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
    ]);
  };
  const store = await openStore({ strategy: "memory", resolver });
  const [first, second] = [new AbortController(), new AbortController()];
  const [why, whyToo] = [new Error("first"), new Error("second")];
  const gets = [first, second].map(({ signal }) => outcome(store.get("u|1.0", { signal })));
  await until(() => signals.length === 1, "the resolver");
  first.abort(why);
  await turn();
  assert.equal(gets[0]?.error, why);
  assert.equal(gets[1]?.done, false);
  assert.equal(signals[0]?.aborted, false);
  second.abort(whyToo);
  await turn();
  assert.equal(gets[1]?.error, whyToo);
  assert.equal(signals[0]?.aborted, true);
  assert.equal(signals[0]?.reason, whyToo);

  const third = new AbortController();
  const [patient, hasty] = [store.get("u|1.0"), store.get("u|1.0", { signal: third.signal })];
  third.abort(why);
  await assert.rejects(hasty, why);
  resolve(one);
  assert.deepEqual(await patient, one);
  assert.equal(signals.length, 2);
  await assert.rejects(store.get("u|1.0", { signal: AbortSignal.abort(why) }), why);
  await store.close();
});

test("getText gives up at once too", async () => {
  const { gate, store } = await openGated({}, await filled(one));
  gate.shut("bodies");
  const controller = new AbortController();
  const why = new Error("enough");
  const text = outcome(store.getText("u", { signal: controller.signal }));
  await gate.next("bodies").then((read) => {
    controller.abort(why);
    return turn().then(() => {
      assert.equal(text.error, why);
      read.go();
    });
  });
  await store.close();
});

test("getMany gives up while the host is being read", async () => {
  const { gate, store } = await openGated({}, await filled(one, newer));
  gate.shut("bodies");
  const controller = new AbortController();
  const got = store.getMany(["u|1.0", "u|2.0"], { signal: controller.signal });
  const read = await gate.next("bodies");
  const reason = new Error("enough");
  controller.abort(reason);
  await assert.rejects(got, reason);
  read.go();
  gate.open("bodies");
  assert.deepEqual(await store.getMany(["u|1.0", "u|2.0"]), [one, newer]);
});

test("close while loads run: CLOSED for them, and nothing is answered afterwards", async () => {
  const { gate, store } = await openGated({}, await filled(one));
  gate.shut("bodies");
  const loads = [store.get("u"), store.getText("u|1.0"), store.entry("u")].map((load) =>
    outcome(load as Promise<unknown>),
  );
  const read = await gate.next("bodies");
  const closed = store.close();
  read.go();
  gate.open("bodies");
  await closed;
  await until(() => loads.every(({ done }) => done), "the loads");
  await assert.rejects(store.get("u"), { code: "CLOSED" });
  assert.throws(() => store.getSync("u"), { code: "CLOSED" });
  for (const load of loads) {
    if (load.error !== undefined) assert.equal((load.error as { code: string }).code, "CLOSED");
  }
});

test("hot values are gone from the moment of close", async () => {
  const { gate, store } = await openGated();
  await store.put(one);
  await store.get("u");
  gate.shut("commit");
  const closed = store.close();
  await assert.rejects(store.get("u"), { code: "CLOSED" });
  assert.throws(() => store.getSync("u"), { code: "CLOSED" });
  gate.open("commit");
  await closed;
});

test("one failing key of getMany rejects, and leaves no rejection unhandled", async () => {
  const store = await openStore({
    strategy: "memory",
    resolver: async () => {
      await turn();
      throw new Error("offline");
    },
  });
  await assert.rejects(store.getMany(["a", "b", "c d"]), { code: "INVALID_KEY" });
  await assert.rejects(store.getMany(["a", "b"]), { code: "RESOLVER" });
  await turn();
  await store.close();
});

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
