/**
 * The rooms of `js/` from the top of the house to its ground, a layer a line: the one place where the
 * direction of imports is written down. A room is a folder with the file of its name, or a file of the
 * root. It may import what lies in the layers below its own; types count, and so does `import()`.
 */
const LAYERS = [
  ["cli"],
  ["index", "index.node", "index.inline", "self"],
  ["api"],
  ["open", "bridges", "testing", "validate"],
  ["store"],
  ["assembly"],
  ["archive", "convert", "holding", "report"],
  ["parts"],
  ["expiry"],
  ["read"],
  ["platform", "write"],
  ["arguments", "durable", "events"],
  ["memory"],
  ["adapters", "json"],
  ["core"],
  ["types", "bytes"],
  ["host"],
  ["load", "streams"],
  ["concurrency", "damage", "first-use", "parse-canonical", "rules", "turn-taking"],
  ["errors"],
];

/** The files of a room. */
const filesOf = (room) => `^js/${room.replaceAll(".", "[.]")}([.]d)?([.]ts$|/)`;

/** Of each room: nothing but itself and what lies in the layers above imports it. */
const direction = LAYERS.flatMap((layer, floor) =>
  layer.map((room) => ({
    name: `only-what-is-above-imports-${room}`,
    severity: "error",
    from: { path: "^js/", pathNot: [room, ...LAYERS.slice(0, floor).flat()].map(filesOf) },
    to: { path: filesOf(room) },
  })),
);

/** A file in no layer is a breach of its own. */
const placed = {
  name: "no-room",
  severity: "error",
  from: { path: "^js/", pathNot: LAYERS.flat().map(filesOf) },
  to: {},
};

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: "no-circles", severity: "error", from: {}, to: { circular: true } },
    placed,
    ...direction,
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { extensions: [".ts", ".js", ".d.ts"] },
  },
};
