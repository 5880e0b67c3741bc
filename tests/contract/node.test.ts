/** The contract of the host adapters that run in Node. */

import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fsAdapter } from "../../dist/adapters/fs.js";
import { MemoryPlace, memoryAdapter } from "../../dist/adapters/memory.js";
import { adapterContract } from "../../dist/testing.js";
import { loadCore } from "../js/core.js";

const core = await loadCore();

adapterContract(
  { test },
  {
    name: "memory",
    core,
    newPlace() {
      const place = new MemoryPlace();
      return () => memoryAdapter(place);
    },
  },
);

adapterContract(
  { test },
  {
    name: "fs",
    core,
    async newPlace() {
      const directory = await mkdtemp(join(tmpdir(), "fhir-schema-store-contract-"));
      return () => fsAdapter(directory);
    },
  },
);
