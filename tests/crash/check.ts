/** A new process after the kill: opens the place and prints which batch it holds. */

import { fsAdapter } from "../../dist/adapters/fs.js";
import { loadCore } from "../js/core.js";
import { batchIn } from "./batches.js";

const core = await loadCore();
for await (const line of lines()) {
  const [directory = "", acknowledged = "0"] = line.split(" ");
  const adapter = fsAdapter(directory);
  const { damage } = await adapter.open({ core });
  try {
    const found = await batchIn(adapter, Number(acknowledged));
    console.log(damage.length > 0 ? `damage: ${damage.join("; ")}` : String(found));
  } catch (error) {
    console.log(String(error));
  }
  await adapter.close();
}

async function* lines(): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of process.stdin) {
    const parts = (rest + String(chunk)).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}
