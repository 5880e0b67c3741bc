/** How much space the browser reports. */

import { within } from "./deadline.js";

/** Only advice: absent in insecure contexts, known to throw, and in Chromium larger than the truth. */
export async function estimatedQuota(deadlineMs: number): Promise<number | undefined> {
  try {
    const estimate = globalThis.navigator?.storage?.estimate();
    if (!estimate) return undefined;
    return (await within(deadlineMs, estimate, () => new Error("late"))).quota;
  } catch {
    return undefined;
  }
}
