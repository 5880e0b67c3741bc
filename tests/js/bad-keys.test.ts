/** Bad canonicals, and bad words about an entry: version, source, metadata, definition. */

import type { SchemaStore } from "../../dist/store.js";
import { cycle, kept, table } from "./bad-table.js";

const badUrls: Record<string, readonly [unknown, RegExp]> = {
  "no url": [undefined, /no url/],
  "a number": [5, /url 5 is not a string/],
  null: [null, /url|canonical/],
  "an object": [{ a: 1 }, /is not a string/],
  empty: ["", /empty/],
  "white space inside": ["a b", /white space/],
  "white space around": [" a", /white space/],
  "a line break": ["a\nb", /white space/],
  "a lone surrogate": ["a\ud800", /lone surrogate/],
  "a bar": ["a|1", /\| or #/],
  "a hash": ["a#b", /\| or #/],
  "over 4 KB": ["x".repeat(4097), /4096 bytes/],
  "over 4 KB of UTF-8": ["\u00e9".repeat(2049), /4096 bytes/],
};

table(
  "urls that name nothing",
  Object.fromEntries(
    Object.entries(badUrls).flatMap(([name, [url, message]]) => [
      [
        `put, ${name}`,
        [
          (store: SchemaStore) => store.put({ ...(url !== undefined && { url }) }),
          "INVALID_KEY",
          message,
        ],
      ],
      [
        `putText, ${name}`,
        [
          (store: SchemaStore) =>
            store.putText(JSON.stringify({ url }).replaceAll("\\ud800", "\\uD800")),
          "INVALID_KEY",
          message,
        ],
      ],
      ...(typeof url === "string"
        ? [
            [
              `option, ${name}`,
              [(store: SchemaStore) => store.put({}, { url }), "INVALID_KEY", message] as const,
            ] as const,
          ]
        : []),
    ]),
  ),
);

table("versions, sources and metadata of the wrong kind", {
  "url and version, together over 4 KB": [
    (store) => store.put({ url: "x".repeat(4000), version: "1".repeat(96) }),
    "INVALID_KEY",
    /4096 bytes/,
  ],
  "version, a number": [
    (store) => store.put({ url: "u", version: 1 }),
    "INVALID_KEY",
    /version 1 is not a string/,
  ],
  "version with white space": [
    (store) => store.put({ url: "u", version: "1 0" }),
    "INVALID_KEY",
    /white space/,
  ],
  "version with a bar": [
    (store) => store.put({ url: "u", version: "1|0" }),
    "INVALID_KEY",
    /\| or #/,
  ],
  "source, a number": [
    (store) => store.put({ url: "u" }, { source: 5 as unknown as string }),
    "INVALID_KEY",
    /option source is 5, must be a string/,
  ],
  "source, far too long": [
    (store) => store.put({ url: "u" }, { source: "s".repeat(5000) }),
    "INVALID_KEY",
    /source/,
  ],
  "tags, a text": [
    (store) => store.put({ url: "u" }, { tags: "t" as unknown as string[] }),
    "INVALID_VALUE",
    /tags/,
  ],
  "tags, numbers": [
    (store) => store.put({ url: "u" }, { tags: [5] as unknown as string[] }),
    "INVALID_VALUE",
    /tags/,
  ],
  "an unknown origin": [
    (store) => store.put({ url: "u" }, { origin: "space" as "user" }),
    "INVALID_VALUE",
    /origin/,
  ],
  "a short source hash": [
    (store) => store.put({ url: "u" }, { sourceHash: "abc" }),
    "INVALID_VALUE",
    /sourceHash|hash/,
  ],
  "a dependency without target": [
    (store) => store.put({ url: "u" }, { dependencies: [{ kind: "base" }] as never }),
    "INVALID_VALUE",
    /dependencies/,
  ],
  ...Object.fromEntries(
    ["ttl", "ttlHours"].flatMap((name) =>
      [0, -1, Number.NaN, Infinity, -Infinity, "1", 1n, {}, Symbol("life")].map((value) => [
        `${name} ${String(value)}`,
        [
          (store: SchemaStore) => store.put({ url: "u" }, { [name]: value }),
          "INVALID_VALUE",
          new RegExp(`^option ${name} is .*, must be a finite number above 0$`),
        ] as const,
      ]),
    ),
  ),
  ...Object.fromEntries(
    [0, -1, 1.5, 2 ** 32, Number.NaN, Infinity, "1", null, 1n, {}, Symbol("cost")].map((value) => [
      `cost ${String(value)}`,
      [
        (store: SchemaStore) => store.put({ url: "u" }, { cost: value as number }),
        "INVALID_VALUE",
        /^option cost is .*, must be a whole number from 1 to 4294967295$/,
      ] as const,
    ]),
  ),
  "ttl and ttlHours": [
    (store) => store.put({ url: "u" }, { ttl: 3_600_000, ttlHours: 1 }),
    "INVALID_VALUE",
    /ttl is 3600000, must be given without ttlHours/,
  ],
  "an update that lives no time": [
    (store) => store.update("kept", () => ({ url: "kept", n: 2 }), { ttl: -1 }),
    "INVALID_VALUE",
    /option ttl is -1/,
  ],
  "a hash nobody has": [(store) => store.put(kept, { ifHash: "00" }), "CONCURRENCY", /not 00/],
  "convert, no JSON": [
    (store) => store.convert("{"),
    "SERIALIZATION",
    /StructureDefinition is not JSON/,
  ],
  "convert, another resource": [
    (store) => store.convert({ resourceType: "Patient", id: "p" }),
    "INVALID_VALUE",
    /p is a Patient/,
  ],
  "convert, no url": [
    (store) => store.convert({ resourceType: "StructureDefinition", id: "sd" }),
    "INVALID_KEY",
    /sd has no url/,
  ],
  "convert, a cycle": [(store) => store.convert(cycle()), "INVALID_VALUE", /is not plain data/],
  "convert, null": [
    (store) => store.convert(null as unknown as object),
    "INVALID_VALUE",
    /StructureDefinition/,
  ],
});

const badKeys: Record<string, unknown> = {
  empty: "",
  blank: "  ",
  "a bar alone": "|1",
  "a fragment alone": "#x",
  "white space inside": "a b",
  "white space in the version": "a|1 0",
  "a lone surrogate": "a\udfff",
  "over 4 KB": "x".repeat(5000),
  "a number": 5,
  undefined: undefined,
  null: null,
  "an object": {},
};

const keyed: Record<string, (store: SchemaStore, key: string) => unknown> = {
  get: (store, key) => store.get(key),
  "get with a signal": (store, key) => store.get(key, { signal: new AbortController().signal }),
  getSync: (store, key) => store.getSync(key),
  getText: (store, key) => store.getText(key),
  getMany: (store, key) => store.getMany(["kept", key]),
  entry: (store, key) => store.entry(key),
  metadata: (store, key) => store.metadata(key),
  has: (store, key) => store.has(key),
  update: (store, key) => store.update(key, () => kept),
  delete: (store, key) => store.delete(key),
  watch: (store, key) => store.watch(key, () => {}),
};

for (const [method, call] of Object.entries(keyed)) {
  table(
    `${method} with a bad key`,
    Object.fromEntries(
      Object.entries(badKeys).map(([name, key]) => [
        name,
        [(store: SchemaStore) => call(store, key as string), "INVALID_KEY", /canonical/],
      ]),
    ),
  );
}
