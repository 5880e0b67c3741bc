/** What the tabs of one database tell each other. */

/** What a tab wants to know. */
export interface TabsListener {
  /** Another tab has committed. */
  changed(): void;
  /** Another tab was left, or hidden, and what it had queued lies in the database. */
  left(): void;
}

/** A tab that was only hidden writes its queue itself within this time, in milliseconds. */
const LEFT_PATIENCE_MS = 1000;
/** The message of a tab that is left; any other one reports a commit. */
const LEFT = "left";

/** This tab among those of a database. */
export class Tabs {
  readonly #name: string;
  readonly #listener: TabsListener;
  #channel: BroadcastChannel | undefined;
  #leftTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(database: string, listener: TabsListener) {
    this.#name = `fhir-schema-store:${database}`;
    this.#listener = listener;
  }

  /** Begins to listen, where the browser has channels. */
  open(): void {
    if (globalThis.BroadcastChannel === undefined || this.#channel !== undefined) return;
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = ({ data }) => {
      if (data !== LEFT) return this.#listener.changed();
      clearTimeout(this.#leftTimer);
      this.#leftTimer = setTimeout(() => this.#listener.left(), LEFT_PATIENCE_MS);
    };
  }

  /** Tells the others of a commit. */
  tellCommit(): void {
    this.#channel?.postMessage("");
  }

  /** Tells the others that this tab is left. */
  tellLeft(): void {
    this.#channel?.postMessage(LEFT);
  }

  /** Stops sending and listening; `open` starts again. */
  close(): void {
    clearTimeout(this.#leftTimer);
    this.#channel?.close();
    this.#channel = undefined;
  }
}
