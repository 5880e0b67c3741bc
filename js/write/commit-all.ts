/** Several rows written and deleted as one commit: all of it or nothing. */

import { mapKey } from "../bytes.js";
import { outOfStep } from "../concurrency.js";
import type { PackedRow } from "../core/packed-row.js";
import { ignoreRestart } from "../core/restarts.js";
import { DECODED_QUARTERS } from "../core/wall.js";
import type { DurableTier } from "../durable/durable-tier.js";
import type { HostRow } from "../host.js";
import type { MemoryTier } from "../memory/memory-tier.js";
import { type Changes, type CommitPlace, checkResidence, checkRoom } from "./check-room.js";

/** Tries to commit while others write the same rows. */
const COMMIT_TRIES = 64;
/** Those of them that also wait for rows which the plan only prefers to be as they were. */
const PATIENT_TRIES = 8;

/** Bytes of memory for one of a body whose value is held: its text, and the estimate of its value. */
const HELD_PER_BYTE = 1 + DECODED_QUARTERS / 4;

/** Rows as they are now, by the keys that were asked for; undefined for one that is not there. */
export type CurrentRows = readonly (PackedRow | undefined)[];

/**
 * Commits what `plan` makes of the rows of `keysOf` as they are now, if nobody has written a row it expects to be so
 * meanwhile; else both are asked again. The first tries also fail for a row that it prefers to be so. Durable when it
 * resolves, with the plan that was carried out. CONCURRENCY, STORAGE_FULL, and what a commit fails with.
 */
export function commitAll<Plan extends Changes>(
  place: CommitPlace,
  keysOf: () => readonly Uint8Array[],
  plan: (current: CurrentRows) => Plan | Promise<Plan>,
): Promise<Plan> {
  const { durable } = place;
  if (durable === undefined) return toMemory(place, keysOf, plan);
  return toHost({ ...place, durable }, keysOf, plan);
}

async function toHost<Plan extends Changes>(
  place: CommitPlace & { readonly durable: DurableTier },
  keysOf: () => readonly Uint8Array[],
  plan: (current: CurrentRows) => Plan | Promise<Plan>,
): Promise<Plan> {
  const { memory, durable, checkOpen } = place;
  for (let tries = 1; ; tries += 1) {
    // A random pause, so that one busy row does not keep all of them waiting for ever.
    if (tries > 2) await outOfStep(tries);
    await (tries === 1 ? durable.upToDate() : durable.refresh());
    checkOpen();
    const keys = keysOf();
    // What the catalog does not know is not there; if that is out of date, the commit will tell.
    const isKnown = keys.map((key) => memory.catalog.find(key) !== 0);
    const known = (await durable.current(keys.filter((_, at) => isKnown[at]))).values();
    checkOpen();
    const current = isKnown.map((there) => (there ? known.next().value : undefined));
    const planned = await plan(current);
    checkOpen();
    const rows = byKey(keys, current);
    checkRoom(place, planned, (key) => rows.get(mapKey(key)));
    const { write, remove, prefer = [] } = planned;
    if (write.length + remove.length === 0) return planned;
    const expect = tries > PATIENT_TRIES ? planned.expect : [...planned.expect, ...prefer];
    const revisions = expect.map((key) => rows.get(mapKey(key))?.revision ?? 0);
    const take = () => takeAll(place, planned);
    const overtaken = await durable.conditional.tryCommit(write, expect, revisions, take, remove);
    if (overtaken === undefined) return planned;
    if (tries === COMMIT_TRIES) throw overtaken;
  }
}

/** Takes what was committed; a core that was restarted reads it back from the host. */
function takeAll({ memory, durable }: CommitPlace, { write, remove }: Changes): undefined {
  try {
    for (const row of write) durable?.conditional.keepBody(row, memory.insertRow(row));
    // One that was put again meanwhile is on its way to the host.
    for (const key of remove) if (!durable?.writes.has(key)) memory.removeRow(key);
  } catch (error) {
    ignoreRestart(error);
  }
}

/** Without a host nothing waits between the last look and the write. */
async function toMemory<Plan extends Changes>(
  place: CommitPlace,
  keysOf: () => readonly Uint8Array[],
  plan: (current: CurrentRows) => Plan | Promise<Plan>,
): Promise<Plan> {
  const { memory, checkOpen } = place;
  for (;;) {
    memory.reportHits();
    const keys = keysOf();
    const current = keys.map((key) => rowOf(memory, key));
    const { revision } = memory;
    const planned = await plan(current);
    checkOpen();
    if (memory.revision !== revision) continue;
    const rows = byKey(keys, current);
    checkRoom(place, planned, (key) => rows.get(mapKey(key)));
    // What is held has no other copy, and must not leave for what comes.
    if (memory.stats().leasedBytes > 0) checkResidence(place, planned, HELD_PER_BYTE);
    for (const key of planned.remove) memory.removeRow(key);
    for (const row of planned.write) memory.insertResident(row, row.body);
    return planned;
  }
}

function rowOf({ catalog }: MemoryTier, key: Uint8Array): PackedRow | undefined {
  const slot = catalog.find(key);
  const [hash, meta] = [catalog.hash(slot), catalog.meta(slot)];
  return hash && meta && { key, hash, meta };
}

function byKey(keys: readonly Uint8Array[], rows: CurrentRows): Map<string, Partial<HostRow>> {
  const found = new Map<string, Partial<HostRow>>();
  keys.forEach((key, at) => {
    const row = rows[at];
    if (row !== undefined) found.set(mapKey(key), row);
  });
  return found;
}
