/** When a StructureDefinition is converted again, and what is filed then. */

import assert from "node:assert/strict";
import type { Converter, ConvertResult } from "../../dist/types.js";
import { Clock, HOUR } from "./expiry-kit.js";
import { each } from "./settings.js";

const url = "http://x.org/S";
const definition = { resourceType: "StructureDefinition", url, version: "3", name: "S" };

/** A converter whose schemas say what made them. */
function converter(id: string, version: string): Converter {
  const convert = () => ({ schema: { url, madeBy: `${id}@${version}` }, dependencies: [] });
  return { id, version, convert };
}

const converted = ({ converted }: ConvertResult) => converted;

each("another version of the converter converts again, another converter too", async (open) => {
  for (const [id, version] of [
    ["test", "1"],
    ["test", "2"],
    ["other", "2"],
    ["test", "2"],
  ] as const) {
    const store = await open({ converter: converter(id, version) });
    assert.ok(converted(await store.convert(definition)), `${id}@${version}`);
    const { metadata, converted: again } = await store.convert(definition);
    assert.deepEqual([again, metadata.converter], [false, `${id}@${version}`]);
    assert.deepEqual(await store.get(url), { url, madeBy: `${id}@${version}` });
    assert.equal(await store.size(), 1);
    await store.flush();
  }
});

each("what has come from one package is filed under another as well", async (open) => {
  const store = await open({ converter: converter("test", "1") });
  const sources = ["p#1", "q#1", undefined, "p#2"];
  const convert = (source: string | undefined) =>
    store.convert(definition, source ? { source } : {});
  for (const source of sources) {
    assert.ok(converted(await convert(source)), source);
    const { metadata, converted: again } = await convert(source);
    assert.deepEqual([again, metadata.source], [false, source]);
  }
  for (const source of sources) assert.ok(!converted(await convert(source)), source);
  assert.deepEqual(
    (await store.list({ package: "q" })).map(({ source }) => source),
    ["q#1"],
  );
  assert.equal(await store.size(), sources.length);
});

each("other tags are taken over; where none are named, those that are there stay", async (open) => {
  const store = await open({ converter: converter("test", "1") });
  await store.convert(definition, { tags: ["a"] });
  for (const tags of [["b"], ["b", "a"], ["a", "b"], []]) {
    const { metadata, converted: again } = await store.convert(definition, { tags });
    assert.deepEqual([again, metadata.tags], [true, tags]);
    assert.ok(!converted(await store.convert(definition, { tags })));
  }
  await store.convert(definition, { tags: ["c"] });
  assert.ok(!converted(await store.convert(definition)));
  assert.deepEqual((await store.metadata(url))?.tags, ["c"]);
});

each("a schema whose time is over is converted again", async (open) => {
  const clock = new Clock();
  const store = await open({ converter: converter("test", "1"), now: clock.now, ttlHours: 1 });
  assert.ok(converted(await store.convert(definition)));
  clock.at += HOUR - 1;
  assert.ok(!converted(await store.convert(definition)));
  clock.at += 1;
  assert.ok(converted(await store.convert(definition)));
  assert.deepEqual(await store.get(url), { url, madeBy: "test@1" });
});
