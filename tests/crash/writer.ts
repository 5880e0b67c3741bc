/** The process that gets killed: commits batches and prints each one's number once acknowledged. */

import { writeSync } from "node:fs";
import { fsAdapter } from "../../dist/adapters/fs.js";
import { loadCore } from "../js/core.js";
import { batchOf } from "./batches.js";

const [directory = "", first = "1"] = process.argv.slice(2);

const adapter = fsAdapter(directory);
await adapter.open({ core: await loadCore() });
writeSync(1, "ready\n");
for (let number = Number(first); ; number++) {
  await adapter.commit(batchOf(number), { durability: "strict" });
  // Blocking, so that the line is out before anything else happens.
  writeSync(1, `${number}\n`);
}
