/**
 * WebDriver over HTTP. A session does one command at a time, in the window it has switched to, and a
 * script that waits would hold up all windows: what takes longer is begun, and asked for again and again.
 */

import { pause, type Tab } from "./driven.js";
import type { Watch } from "./engine.js";

/** The member by which the protocol marks an element. */
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

/** Milliseconds between two questions: at first, and at most. */
const [FIRST_POLL_MS, LAST_POLL_MS] = [2, 40];

/** One session with a browser. */
export class Session {
  readonly #url: string;
  #turn: Promise<unknown> = Promise.resolve();
  #window = "";
  /** The window it began with: one has to be open for another to be opened. */
  readonly #first: string;

  private constructor(url: string, first: string) {
    this.#url = url;
    this.#first = first;
  }

  static async start(url: string, alwaysMatch: object): Promise<Session> {
    const body = { capabilities: { alwaysMatch } };
    const { sessionId } = await request<{ sessionId: string }>("POST", `${url}/session`, body);
    const session = `${url}/session/${sessionId}`;
    return new Session(session, await request<string>("GET", `${session}/window`));
  }

  /** A new window, as tabs that are not in front would be hidden. */
  async newTab(watch?: Watch): Promise<Tab> {
    const { handle } = await this.send<{ handle: string }>(this.#first, "POST", "/window/new", {
      type: "window",
    });
    return new ClassicTab(this, handle, watch);
  }

  /** One command to a window, after those before it. */
  send<T>(window: string, method: string, path: string, body?: object): Promise<T> {
    return this.#inTurn(async () => {
      if (this.#window !== window) {
        await request("POST", `${this.#url}/window`, { handle: window });
        this.#window = window;
      }
      return request<T>(method, `${this.#url}${path}`, body);
    });
  }

  async close(): Promise<void> {
    await this.#inTurn(() => request("DELETE", this.#url));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}

async function request<T>(method: string, url: string, body?: object): Promise<T> {
  const response = await fetch(url, { method, ...(body && { body: JSON.stringify(body) }) });
  const { value } = (await response.json()) as { value: T & { error?: string; message?: string } };
  if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
  return value;
}

class ClassicTab implements Tab {
  readonly #session: Session;
  readonly #window: string;
  readonly #watch: Watch | undefined;
  #last = 0;

  constructor(session: Session, window: string, watch: Watch | undefined) {
    this.#session = session;
    this.#window = window;
    this.#watch = watch;
  }

  async run(body: string, argument: string): Promise<string> {
    this.#last += 1;
    const id = this.#last;
    const script = `
      const [id, argument] = arguments;
      const running = globalThis[Symbol.for("driver")] ??= new Map();
      running.set(id, undefined);
      (async () => { ${body} })().then((text) => running.set(id, text));`;
    await this.#execute(script, [id, argument]);
    return this.#answer(id);
  }

  async element(expression: string): Promise<string> {
    const found = await this.#execute<Record<string, string> | null>(`return ${expression}`);
    const element = found?.[ELEMENT];
    if (element === undefined) throw new Error(`no element: ${expression}`);
    return element;
  }

  navigate(url: string): Promise<void> {
    return this.#send("POST", "/url", { url });
  }

  reload(): Promise<void> {
    return this.#send("POST", "/refresh", {});
  }

  back(): Promise<void> {
    return this.#send("POST", "/back", {});
  }

  close(): Promise<void> {
    return this.#send("DELETE", "/window");
  }

  async click(element: string): Promise<void> {
    await this.#send("POST", `/element/${element}/click`, {});
    const asked = await this.#send<string>("GET", "/alert/text").catch(() => undefined);
    if (asked === undefined) return;
    await this.#send("POST", `/alert/${this.#watch?.dialog(asked) ? "accept" : "dismiss"}`, {});
  }

  upload(element: string, paths: readonly string[]): Promise<void> {
    return this.#send("POST", `/element/${element}/value`, { text: paths.join("\n") });
  }

  keys(keys: readonly string[]): Promise<void> {
    const press = (value: string) => [
      { type: "keyDown", value },
      { type: "keyUp", value },
    ];
    const actions = [{ type: "key", id: "key", actions: keys.flatMap(press) }];
    return this.#send("POST", "/actions", { actions });
  }

  /** A window has borders: what they take is added. */
  async resize(width: number, height: number): Promise<void> {
    await this.#send("POST", "/window/rect", { width, height });
    const [inner, tall] = await this.#execute<[number, number]>("return [innerWidth, innerHeight]");
    const rect = { width: 2 * width - inner, height: 2 * height - tall };
    await this.#send("POST", "/window/rect", rect);
  }

  async #answer(id: number): Promise<string> {
    const script = `
      const running = globalThis[Symbol.for("driver")];
      const [id] = arguments;
      if (!running?.has(id)) return [true, null];
      const text = running.get(id);
      if (text !== undefined) running.delete(id);
      return [text !== undefined, text ?? null];`;
    for (let ms = FIRST_POLL_MS; ; ms = Math.min(2 * ms, LAST_POLL_MS)) {
      const [done, text] = await this.#execute<[boolean, string | null]>(script, [id]);
      if (done && text === null) throw new Error("the page was left before it had answered");
      if (done) return text ?? "";
      await pause(ms);
    }
  }

  #execute<T>(script: string, args: readonly unknown[] = []): Promise<T> {
    return this.#send("POST", "/execute/sync", { script, args });
  }

  #send<T>(method: string, path: string, body?: object): Promise<T> {
    return this.#session.send(this.#window, method, path, body);
  }
}
