/** The fs adapter against bad directories, full disks, damage and other processes. */

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { fsAdapter } from "../../dist/adapters/fs.js";
import type { HostAdapter, HostPut } from "../../dist/host.js";
import type { Glue } from "../../js/load/glue.js";
import type { CoreModule } from "../../js/load/module.js";
import { loadCore } from "./core.js";
import { crc32c } from "./crc32c.js";

const core = await loadCore();
const utf8 = new TextEncoder();
const strict = { durability: "strict" } as const;

function place(context: TestContext): string {
  const parent = mkdtempSync(join(tmpdir(), "fss-test-"));
  context.after(() => rmSync(parent, { recursive: true, force: true }));
  return join(parent, "store");
}

async function opened(directory: string): Promise<HostAdapter> {
  const adapter = fsAdapter(directory);
  await adapter.open({ core });
  return adapter;
}

function put(name: string, text: string | Uint8Array = `body of ${name}`): HostPut {
  const body = typeof text === "string" ? utf8.encode(text) : text;
  const hash = new Uint8Array(createHash("sha256").update(body).digest());
  return { key: utf8.encode(name), url: name, hash, meta: utf8.encode("meta"), body };
}

const commit = (adapter: HostAdapter, ...puts: HostPut[]): Promise<number> =>
  adapter.commit({ put: puts, delete: [] }, strict);

async function text(adapter: HostAdapter, name: string): Promise<string | undefined> {
  const [row] = await adapter.rows([utf8.encode(name)]);
  const [body] = row ? await adapter.bodies([row.hash]) : [];
  return body && new TextDecoder().decode(body);
}

const segments = (directory: string): string[] =>
  readdirSync(directory).filter((name) => name.startsWith("seg-"));

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

/** A place with one entry, closed. */
async function filled(directory: string): Promise<void> {
  const adapter = await opened(directory);
  await commit(adapter, put("kept"));
  await adapter.close();
}

const hasCode = (code: string, key?: RegExp) => (error: unknown) => {
  const { code: found, message } = error as { code: string; message: string };
  assert.equal(found, code, message);
  if (key !== undefined) assert.match(message, key);
  return true;
};

test("a directory is private, and so are its files", async (context) => {
  const directory = place(context);
  await filled(directory);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  for (const name of readdirSync(directory)) {
    assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600, name);
  }
});

/** Two stores in one directory, without the file that says which of them it is. */
async function twoStores(directory: string): Promise<void> {
  const other = `${directory}-other`;
  await filled(directory);
  await filled(other);
  for (const name of segments(other)) renameSync(join(other, name), join(directory, name));
  rmSync(other, { recursive: true });
  unlinkSync(join(directory, "FORMAT"));
}

const BAD_PLACES: Record<string, { make(directory: string): unknown; code: string }> = {
  "a foreign directory": {
    make: (directory) => {
      mkdirSync(directory);
      writeFileSync(join(directory, "photo.jpg"), "mine");
    },
    code: "INVALID_CONFIG",
  },
  "a file": { make: (directory) => writeFileSync(directory, "mine"), code: "INVALID_CONFIG" },
  "garbage as FORMAT, and no segment": {
    make: (directory) => {
      mkdirSync(directory);
      writeFileSync(join(directory, "FORMAT"), "garbage");
    },
    code: "CORRUPT",
  },
  "no FORMAT beside segments of two stores": {
    make: (directory) => twoStores(directory),
    code: "CORRUPT",
  },
  "garbage as FORMAT beside segments of two stores": {
    make: async (directory) => {
      await twoStores(directory);
      writeFileSync(join(directory, "FORMAT"), "garbage");
    },
    code: "CORRUPT",
  },
  "a newer major": {
    make: async (directory) => {
      await filled(directory);
      const file = readFileSync(join(directory, "FORMAT"));
      file[8] = 2;
      file.writeUInt32LE(crc32c(file.subarray(0, -4)), file.length - 4);
      writeFileSync(join(directory, "FORMAT"), file);
    },
    code: "FORMAT_TOO_NEW",
  },
};

for (const [what, { make, code }] of Object.entries(BAD_PLACES)) {
  test(`${what} is ${code}, and stays as it was`, async (context) => {
    const directory = place(context);
    await make(directory);
    const before = listing(directory);
    await assert.rejects(opened(directory), hasCode(code));
    assert.deepEqual(listing(directory), before);
  });
}

test("a read-only directory can be read and not written", async (context) => {
  const directory = place(context);
  await filled(directory);
  const script = `
    import { fsAdapter } from ${JSON.stringify(dist("adapters/fs.js"))};
    import { loadCore } from ${JSON.stringify(CORE)};
    const core = await loadCore();
    if (process.getuid() === 0) process.setuid(65534);
    const adapter = fsAdapter(${JSON.stringify(directory)});
    await adapter.open({ core });
    const { rows: [row] } = await adapter.allRows();
    const [body] = await adapter.bodies([row.hash]);
    const batch = { put: [{ ...row, key: new Uint8Array([1]), body }], delete: [] };
    const failed = await adapter.commit(batch, { durability: "strict" }).catch((error) => error);
    await adapter.close();
    console.log(new TextDecoder().decode(body), failed.code);
  `;
  if (process.getuid?.() === 0) {
    for (const name of readdirSync(directory)) chownSync(join(directory, name), 65534, 65534);
    chownSync(directory, 65534, 65534);
    chmodSync(join(directory, ".."), 0o755);
  }
  chmodSync(directory, 0o500);
  const { stdout, stderr } = spawnSync(process.execPath, [...SCRIPT, script]);
  assert.equal(`${stdout}`, "body of kept DISK_ERROR\n", `${stderr}`);
  chmodSync(directory, 0o700);
});

test("a full disk refuses the batch, keeps the old data and works again", async (context) => {
  const directory = place(context);
  mkdirSync(directory);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", directory]);
  if (mounted.status !== 0) {
    assert.notEqual(process.env.CI, "true", `no tmpfs: ${mounted.stderr}`);
    context.skip(`no tmpfs can be mounted: ${mounted.stderr}`);
    return;
  }
  try {
    await fillUp(directory);
  } finally {
    execFileSync("umount", ["-l", directory]);
  }
});

/** On 256 KB: refused batches, a reader meanwhile, and writing again when there is space. */
async function fillUp(directory: string): Promise<void> {
  const noise = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));
  const adapter = await opened(directory);
  await commit(adapter, put("kept"));
  writeFileSync(join(directory, "tmp-ballast"), noise(50_000));
  for (const size of [210_000, 250_000, 400_000]) {
    const batch = [put("a", noise(1000)), put("b", noise(size - 1000))];
    await assert.rejects(commit(adapter, ...batch), hasCode("STORAGE_FULL"));
    assert.equal(await text(adapter, "kept"), "body of kept");
    assert.equal(await text(adapter, "a"), undefined);
  }
  const other = await opened(directory);
  assert.deepEqual((await other.allRows()).rows.length, 1, "a new reader sees no half batch");
  await other.close();
  unlinkSync(join(directory, "tmp-ballast"));
  await commit(adapter, put("later", noise(50_000)), put("small"));
  assert.equal(await text(adapter, "small"), "body of small");
  await adapter.close();
  const again = await opened(directory);
  assert.equal(await text(again, "kept"), "body of kept");
  assert.equal(await text(again, "small"), "body of small");
  await again.close();
}

test("a damaged snapshot is rebuilt", async (context) => {
  const directory = place(context);
  await filled(directory);
  flip(join(directory, "snap-000001.idx"), 100);
  const rebuilt = fsAdapter(directory);
  assert.match((await rebuilt.open({ core })).damage.join(), /snapshot/);
  assert.equal(await text(rebuilt, "kept"), "body of kept");
  await commit(rebuilt, put("other"));
  await rebuilt.close();
  const again = await opened(directory);
  assert.deepEqual(again.damage?.(), [], "a new one has taken its place");
  await again.close();
});

for (const snapshot of [true, false]) {
  test(`a damaged body is absent, and its row says so, ${snapshot ? "with" : "without"} a snapshot`, async (context) => {
    const directory = place(context);
    await filled(directory);
    const [segment = ""] = segments(directory);
    flip(join(directory, segment), readFileSync(join(directory, segment)).indexOf("body of kept"));
    if (!snapshot) unlinkSync(join(directory, "snap-000001.idx"));
    const adapter = await opened(directory);
    const { token } = await adapter.allRows();
    const key = utf8.encode("kept");
    const [before] = await adapter.rows([key]);
    assert.ok(before);
    // A snapshot covers what it has read: nobody has read that since.
    if (snapshot) assert.deepEqual(before.hash, put("kept").hash);
    assert.equal(await text(adapter, "kept"), undefined);
    const damaged = { ...before, hash: new Uint8Array(32) };
    assert.deepEqual(await adapter.rows([key]), [damaged]);
    const changes = await adapter.changes(token);
    if (snapshot) assert.deepEqual(changes !== "reset" && changes.rows, [damaged]);
    assert.deepEqual(adapter.damage?.(), [], "the row tells");
    await commit(adapter, put("other"));
    assert.equal(await text(adapter, "other"), "body of other");
    await adapter.close();
    const again = await opened(directory);
    assert.deepEqual(await again.rows([key]), [damaged]);
    await commit(again, put("kept"));
    assert.equal(await text(again, "kept"), "body of kept");
    await again.close();
  });
}

test("the version of a damaged snapshot does not close the directory", async (context) => {
  const directory = place(context);
  await filled(directory);
  for (const at of [8, 9, 10, 12, 15]) {
    flip(join(directory, "snap-000001.idx"), at);
    const adapter = fsAdapter(directory);
    assert.match((await adapter.open({ core })).damage.join(), /snapshot/);
    assert.equal(await text(adapter, "kept"), "body of kept");
    await adapter.close();
    flip(join(directory, "snap-000001.idx"), at);
  }
});

test("a directory whose FORMAT a power cut took is made anew", async (context) => {
  const directory = place(context);
  await filled(directory);
  const [segment = ""] = segments(directory);
  for (const name of readdirSync(directory)) {
    if (name !== segment) unlinkSync(join(directory, name));
  }
  const rebuilt = await opened(directory);
  assert.equal(await text(rebuilt, "kept"), "body of kept");
  await rebuilt.close();
  for (const length of [64, 10, 0]) {
    for (const name of readdirSync(directory)) {
      if (name !== segment) unlinkSync(join(directory, name));
    }
    writeFileSync(
      join(directory, segment),
      readFileSync(join(directory, segment)).subarray(0, length),
    );
    const adapter = await opened(directory);
    assert.deepEqual(adapter.damage?.(), []);
    assert.deepEqual(segments(directory), []);
    await adapter.close();
    unlinkSync(join(directory, "FORMAT"));
    writeFileSync(join(directory, segment), "");
  }
});

test("segments deleted under an open store cost no acknowledged commit after that", async (context) => {
  const directory = place(context);
  const adapter = await opened(directory);
  await commit(adapter, put("lost"));
  for (const name of segments(directory)) unlinkSync(join(directory, name));
  await commit(adapter, put("kept"), put("lost"));
  assert.equal(await text(adapter, "kept"), "body of kept");
  await adapter.close();
  const again = await opened(directory);
  assert.equal(await text(again, "kept"), "body of kept");
  assert.equal(await text(again, "lost"), "body of lost");
  await again.close();
});

test("many sessions are merged into few segments, with every row and revision", async (context) => {
  const directory = place(context);
  const bystander = await opened(directory);
  for (let session = 1; session <= 40; session++) {
    const adapter = await opened(directory);
    const gone = session % 5 === 0 ? [utf8.encode(`own ${session - 1}`)] : [];
    const batch = { put: [put("shared", `by ${session}`), put(`own ${session}`)], delete: gone };
    await adapter.commit(batch, strict);
    await adapter.close();
  }
  assert.ok(segments(directory).length <= 17, `${segments(directory).length} segments`);
  await bystander.poll?.();
  for (const name of readdirSync(directory).filter((name) => name.startsWith("snap-"))) {
    unlinkSync(join(directory, name));
  }
  const revisions = new Set<number | undefined>();
  for (const adapter of [bystander, await opened(directory)]) {
    assert.equal(await text(adapter, "shared"), "by 40");
    for (let session = 1; session <= 40; session++) {
      const expected = session % 5 === 4 ? undefined : `body of own ${session}`;
      assert.equal(await text(adapter, `own ${session}`), expected);
    }
    const [row] = await adapter.rows([utf8.encode("shared")]);
    revisions.add(row?.revision);
    await adapter.close();
  }
  assert.equal(revisions.size, 1);
});

test("increments by processes at once are exact", async (context) => {
  const directory = place(context);
  await (await opened(directory)).close();
  const script = `
    import { createHash, randomBytes } from "node:crypto";
    import { fsAdapter } from ${JSON.stringify(dist("adapters/fs.js"))};
    import { loadCore } from ${JSON.stringify(CORE)};
    const adapter = fsAdapter(${JSON.stringify(directory)});
    await adapter.open({ core: await loadCore() });
    const key = new TextEncoder().encode("counter");
    for (let done = 0; done < 25; ) {
      await adapter.poll();
      const [row] = await adapter.rows([key]);
      const [old] = row ? await adapter.bodies([row.hash]) : [];
      const body = new TextEncoder().encode(String(Number(old ? new TextDecoder().decode(old) : 0) + 1));
      const hash = new Uint8Array(createHash("sha256").update(body).digest());
      const put = [{ key, url: "counter", hash, meta: new Uint8Array(), body }];
      const expect = [{ key, revision: row?.revision ?? 0 }];
      try {
        await adapter.commit({ put, delete: [], expect }, { durability: "strict" });
        done++;
      } catch (error) {
        if (error.code !== "CONCURRENCY") throw error;
      }
    }
    await adapter.close();
  `;
  const runs = Array.from({ length: 3 }, () => run(script));
  for (const { code, output } of await Promise.all(runs)) assert.equal(code, 0, output);
  const adapter = await opened(directory);
  assert.equal(await text(adapter, "counter"), "75");
  await adapter.close();
});

test("a trap costs one call, and nothing that was committed", async (context) => {
  const directory = place(context);
  let trap = false;
  const fragile: CoreModule = {
    instantiate() {
      const glue = core.instantiate() as Glue;
      class Fragile extends glue.LogHandle {
        override index(): Uint8Array {
          if (trap) throw new WebAssembly.RuntimeError("unreachable");
          return super.index();
        }
      }
      return Object.assign(Object.create(glue), { LogHandle: Fragile });
    },
  };
  const adapter = fsAdapter(directory);
  const { token } = await adapter.open({ core: fragile });
  await commit(adapter, put("kept"));
  trap = true;
  await assert.rejects(adapter.index(), hasCode("CORE_RESTARTED"));
  trap = false;
  assert.equal(await text(adapter, "kept"), "body of kept");
  assert.equal(await adapter.changes(token), "reset");
  await commit(adapter, put("later"));
  assert.equal((await adapter.allRows()).rows.length, 2);
  await adapter.close();
});

/** How a process of its own runs a script that may import these tests. */
const SCRIPT = ["--import", import.meta.resolve("tsx"), "--input-type=module", "-e"];
const CORE = new URL("./core.ts", import.meta.url).href;

function dist(path: string): string {
  return pathToFileURL(join(import.meta.dirname, "../../dist", path)).href;
}

async function run(script: string): Promise<{ code: number | null; output: string }> {
  const { spawn } = await import("node:child_process");
  const child = spawn(process.execPath, [...SCRIPT, script]);
  let output = "";
  child.stderr.on("data", (chunk) => {
    output += String(chunk);
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, output })));
}

function listing(path: string): unknown {
  if (statSync(path).isFile()) return readFileSync(path, "utf8");
  return readdirSync(path).map((name) => [name, readFileSync(join(path, name), "hex")]);
}

/** CRC-32C, bit by bit. */
