/** The process that gets killed: rewrites, and prints each commit's number once acknowledged. */

import { writeSync } from "node:fs";
import { fsAdapter } from "../../dist/adapters/fs.js";
import { loadCore } from "../js/core.js";
import { rewrite } from "./rewrites.js";

const [directory = "", first = "1"] = process.argv.slice(2);

const adapter = fsAdapter(directory);
await adapter.open({ core: await loadCore() });
writeSync(1, "ready\n");
for (let number = Number(first); ; number++) {
  await adapter.commit(rewrite(number), { durability: "strict" });
  // Blocking, so that the line is out before anything else happens.
  writeSync(1, `${number}\n`);
}
