/** The compiled core of the process, as the package hands it to host adapters. */

import { memoryAdapter } from "../../dist/adapters/memory.js";
import type { HostContext } from "../../dist/host.js";
import { openSchemaStore } from "../../dist/index.node.js";

let core: Promise<HostContext["core"]> | undefined;

/** The same object for all stores of the process. */
export function loadCore(): Promise<HostContext["core"]> {
  core ??= new Promise((resolve, reject) => {
    const inner = memoryAdapter();
    const open: typeof inner.open = (context) => {
      resolve(context.core);
      return inner.open(context);
    };
    openSchemaStore({ adapter: { ...inner, open } }).then((store) => store.close(), reject);
  });
  return core;
}
