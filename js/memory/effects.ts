/** What the core asks for, decoded: pairs of a code and a number, as `src/wasm/wall.rs` lists them. */

import {
  CAUSES,
  DROPPED,
  EFFECT_BITS,
  EVICTED,
  EXPIRED,
  GRACE_ENDED,
  LIMITED,
  RANK,
  RESOLUTION_CHANGED,
  RETIRED,
} from "../core/wall.js";
import type { EvictionCause } from "../types.js";

/** Takes the effect out of a code. */
const EFFECT_MASK = 2 ** EFFECT_BITS - 1;

/** Who carries effects out, one by one and in their order. */
export interface EffectHandler {
  /** Drop the value of a slot. */
  drop(slot: number): void;
  /** So it was, as the body of the slot left memory. */
  evicted(slot: number, cause: EvictionCause): void;
  /** So it was, as the entry of the slot has expired. */
  expired(slot: number): void;
  /** Requests for a URL, by its number, may mean something else. */
  resolutionChanged(url: number): void;
  /** Something has a limited life. */
  limited(): void;
}

/** What to do after all of them were carried out. */
export interface Afterwards {
  /** Slots whose rows are to be deleted at the host. */
  readonly ended: readonly number[];
  /** The core waits for a ranking. */
  readonly ranks: boolean;
}

/** Has effects carried out. */
export function applyEffects(effects: Uint32Array, handler: EffectHandler): Afterwards {
  const ended: number[] = [];
  let ranks = false;
  for (let at = 0; at < effects.length; at += 2) {
    const target = effects[at + 1] ?? 0;
    const code = effects[at] ?? 0;
    switch (code & EFFECT_MASK) {
      case EVICTED:
        handler.drop(target);
        handler.evicted(target, CAUSES[code >> EFFECT_BITS] ?? "size");
        break;
      case RETIRED:
      case DROPPED:
        handler.drop(target);
        break;
      case EXPIRED:
        handler.drop(target);
        handler.expired(target);
        break;
      case LIMITED:
        handler.limited();
        break;
      case GRACE_ENDED:
        ended.push(target);
        break;
      case RANK:
        ranks = true;
        break;
      case RESOLUTION_CHANGED:
        handler.resolutionChanged(target);
    }
  }
  return { ended, ranks };
}
