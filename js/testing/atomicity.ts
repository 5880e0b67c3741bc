/** A commit is all or nothing, and happens only if what it expects is so. */

import type { HostPut, HostToken } from "../host.js";
import {
  body,
  type Case,
  commit,
  equal,
  holds,
  ok,
  put,
  rejects,
  row,
  rowOf,
  store,
  utf8,
} from "./kit.js";

export const atomicity: Record<string, Case> = {
  "a batch puts and deletes at once": async (place) => {
    const adapter = await place.open();
    const [old, kept] = [await store(adapter, { key: "old" }), await store(adapter, { key: "k" })];
    const [b, c] = [await put({ key: "b" }), await put({ key: "c" })];
    await commit(adapter, { put: [b, c], delete: [old.key] });
    await holds(adapter, [kept, b, c], "after the batch");
  },

  "a batch of 10,000 rows": async (place) => {
    const adapter = await place.open();
    const puts: HostPut[] = [];
    for (let i = 0; i < 10_000; i += 1) {
      puts.push(await put({ key: `key ${i}`, url: `urn:${i}`, body: `{"n":${i % 500}}` }));
    }
    await commit(adapter, { put: puts });
    await holds(adapter, puts, "all rows");
    await commit(adapter, { delete: puts.slice(1).map(({ key }) => key) });
    await holds(adapter, puts.slice(0, 1), "all but one deleted");
  },

  "a failing expectation leaves nothing of the batch": async (place) => {
    const adapter = await place.open();
    const [a, b] = [await store(adapter, { key: "a" }), await store(adapter, { key: "b" })];
    const [fresh, changed] = [
      await put({ key: "fresh", body: "only in the batch that fails" }),
      await put({ key: "a", body: "changed" }),
    ];
    const { revision } = await rowOf(adapter, "b");
    const expect = [
      { key: b.key, revision },
      { key: a.key, revision: revision + 1000 },
    ];
    const failing = commit(adapter, { put: [fresh, changed], delete: [b.key], expect });
    await rejects(failing, "CONCURRENCY", "a wrong revision");
    await holds(adapter, [a, b], "after the failed batch");
    equal(await body(adapter, fresh.hash), undefined, "a body of the failed batch");
    await commit(adapter, { put: [fresh] });
    await holds(adapter, [a, b, fresh], "the adapter still works");
  },

  "expectations: revision 0 is absence, any other is exact": async (place) => {
    const adapter = await place.open();
    const key = utf8("k");
    const one = await put({ key });
    const attempt = (revision: number, batch = { put: [one] }): Promise<HostToken> =>
      commit(adapter, { ...batch, expect: [{ key, revision }] });

    await rejects(attempt(1), "CONCURRENCY", "a revision of a row that never was");
    await attempt(0);
    const first = (await rowOf(adapter, key)).revision;
    ok(first > 0, "a revision is above 0");
    await rejects(attempt(0), "CONCURRENCY", "absence of a row that is there");
    await rejects(attempt(first + 1), "CONCURRENCY", "a later revision");
    await attempt(first);
    await rejects(attempt(first), "CONCURRENCY", "the revision before");
    const { revision } = await rowOf(adapter, key);
    await commit(adapter, { delete: [key], expect: [{ key, revision }] });
    await rejects(attempt(revision), "CONCURRENCY", "the revision of a deleted row");
    await attempt(0);
    await holds(adapter, [one], "at the end");
  },

  "expectations may be about keys the batch does not write": async (place) => {
    const adapter = await place.open();
    const guard = await store(adapter, { key: "guard" });
    const one = await put({ key: "one" });
    const expect = [
      { key: guard.key, revision: (await rowOf(adapter, "guard")).revision },
      { key: utf8("absent"), revision: 0 },
    ];
    await commit(adapter, { put: [one], expect });
    await commit(adapter, { put: [guard] });
    await rejects(commit(adapter, { delete: [one.key], expect }), "CONCURRENCY", "guard has moved");
    await holds(adapter, [guard, one], "at the end");
  },

  "an expectation about a URL is about the number of its rows": async (place) => {
    const [adapter, other] = [await place.open(), await place.open()];
    const [a, b] = [await put({ key: "a", url: "u" }), await put({ key: "b", url: "u" })];
    await store(adapter, { key: "c", url: "elsewhere" });
    const attempt = (count: number): Promise<HostToken> =>
      commit(adapter, { put: [a], expectUrl: { url: "u", count } });

    await rejects(attempt(1), "CONCURRENCY", "a row where there is none");
    await attempt(0);
    await commit(other, { put: [b] });
    await rejects(attempt(1), "CONCURRENCY", "a row that came meanwhile");
    equal((await adapter.byUrl(["u"])).length, 2, "rows of the URL, as they are now");
    await attempt(2);
    await commit(other, { delete: [b.key] });
    await rejects(attempt(2), "CONCURRENCY", "a row that went meanwhile");
    await attempt(1);
  },

  "of many commits with one expectation exactly one is done": async (place) => {
    const adapter = await place.open();
    await store(adapter, { key: "k" });
    const { revision } = await rowOf(adapter, "k");
    const puts = await Promise.all(
      Array.from({ length: 10 }, (_, i) => put({ key: "k", body: `attempt ${i}` })),
    );
    const done = await Promise.allSettled(
      puts.map((one) => commit(adapter, { put: [one], expect: [{ key: one.key, revision }] })),
    );
    const winners = puts.filter((_, i) => done[i]?.status === "fulfilled");
    equal(winners.length, 1, "commits that were done");
    await holds(adapter, winners, "the winner is stored");
  },

  "tokens and revisions grow": async (place) => {
    const { adapter, opened } = await place.opened();
    let [token, revision] = [opened.token, 0];
    for (let i = 0; i < 5; i += 1) {
      const next = await commit(adapter, { put: [await put({ key: "k", body: `${i}` })] });
      const now = await rowOf(adapter, "k");
      ok(next > token, `token ${next} after ${token}`);
      ok(now.revision > revision, `revision ${now.revision} after ${revision}`);
      [token, revision] = [next, now.revision];
    }
    equal((await adapter.allRows()).token, token, "the token of allRows");
  },

  "many calls at once": async (place) => {
    const adapter = await place.open();
    const puts = await Promise.all(
      Array.from({ length: 60 }, (_, i) => put({ key: `key ${i}`, body: `body ${i % 20}` })),
    );
    const halfway: Promise<unknown>[] = [];
    const commits = puts.map(async (one) => {
      const token = await commit(adapter, { put: [one] });
      halfway.push(adapter.rows([one.key]), adapter.bodies([one.hash]), adapter.allRows());
      return token;
    });
    const tokens = await Promise.all(commits);
    equal(new Set(tokens).size, puts.length, "distinct tokens");
    const answers = await Promise.all(halfway);
    ok(
      !answers.some((answer) => Array.isArray(answer) && !answer[0]),
      "a committed row is missing",
    );
    await holds(adapter, puts, "all commits");
    await Promise.all(puts.map(({ key }) => commit(adapter, { delete: [key] })));
    await holds(adapter, [], "all deletes");
    equal(await row(adapter, "key 0"), undefined, "a deleted row");
  },
};
