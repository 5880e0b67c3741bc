/** Listeners, told in a microtask of their own, so that none of them can break or re-enter a call. */

import { check, FUNCTION, oneOf } from "../rules.js";
import type { StoreEvents } from "../types.js";

/** The name of an event. */
export type EventName = keyof StoreEvents;

const NAMES: { readonly [Name in EventName]: true } = {
  put: true,
  delete: true,
  evict: true,
  expire: true,
  pressure: true,
  flush: true,
  change: true,
  restart: true,
  error: true,
};
const NAME = oneOf(...Object.keys(NAMES));

/** What is called at each event of a name. */
export type EventListener<Name extends EventName> = (event: StoreEvents[Name]) => void;

/** Listeners by event. */
export class Events {
  readonly #listeners = new Map<EventName, Set<(event: never) => void>>();

  /** Adds a listener; returns a function that removes it. INVALID_VALUE. */
  on<Name extends EventName>(name: Name, listener: EventListener<Name>): () => void {
    check(name, NAME, "event");
    check(listener, FUNCTION, "listener");
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Whether anybody listens. */
  has(name: EventName): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  /** Tells the listeners of an event; what one of them throws goes to the console. */
  emit<Name extends EventName>(name: Name, event: StoreEvents[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      tell(listener as EventListener<Name>, event);
    }
  }

  /** Removes every listener. */
  clear(): void {
    this.#listeners.clear();
  }
}

/** Calls a listener later, and contains what it throws. */
export function tell<Event>(listener: (event: Event) => void, event: Event): void {
  queueMicrotask(async () => {
    try {
      // What an async listener throws would end a Node process.
      await listener(event);
    } catch (error) {
      console.error("fhir-schema-store: a listener threw", error);
    }
  });
}
