/** WebDriver BiDi: commands, answers and events over one WebSocket. */

import { WebSocket } from "ws";
import { type Tab, until } from "./driven.js";
import type { Until, Watch } from "./engine.js";
import { reportViolations } from "./values.js";

/** What the protocol says of an event. */
type Event = { readonly method: string; readonly params: Record<string, unknown> };

/** One session with a browser. */
export class Session {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(e: Error): void }>();
  readonly #watches = new Map<string, Watch>();
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (text) => this.#receive(JSON.parse(String(text))));
    socket.on("close", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("the browser has ended"));
    });
  }

  /** Connects, and asks to hear of complaints and dialogs. */
  static async connect(url: string): Promise<Session> {
    // Packages that tests send to a page are larger than the usual limit of a message.
    const socket = new WebSocket(url, { maxPayload: 2 ** 30 });
    await new Promise((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    const session = new Session(socket);
    const alwaysMatch = { unhandledPromptBehavior: { default: "ignore" } };
    await session.send("session.new", { capabilities: { alwaysMatch } });
    await session.send("session.subscribe", {
      events: ["log.entryAdded", "browsingContext.userPromptOpened"],
    });
    return session;
  }

  send<T>(method: string, params: object): Promise<T> {
    this.#last += 1;
    const id = this.#last;
    this.#socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
    });
  }

  /** A new container: what its tabs store, no other sees. */
  async newContainer(): Promise<string> {
    const { userContext } = await this.send<{ userContext: string }>(
      "browser.createUserContext",
      {},
    );
    return userContext;
  }

  /** A new window, as tabs that are not in front would be hidden. */
  async newTab(userContext: string, watch?: Watch): Promise<Tab> {
    const { context } = await this.send<{ context: string }>("browsingContext.create", {
      type: "window",
      userContext,
    });
    if (watch) {
      this.#watches.set(context, watch);
      await this.send("script.addPreloadScript", {
        functionDeclaration: String(reportViolations),
        contexts: [context],
      });
    }
    return new BidiTab(this, context);
  }

  close(): void {
    this.#socket.close();
  }

  #receive(message: { id?: number; result?: unknown; message?: string } | Event): void {
    if ("method" in message) {
      this.#hear(message);
      return;
    }
    const { id = 0, result, message: failure } = message;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (failure === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(failure));
  }

  #hear({ method, params }: Event): void {
    if (method === "log.entryAdded") {
      const { level, text, source } = params as {
        level: string;
        text: string;
        source: { context?: string };
      };
      if (level === "error") this.#watches.get(source.context ?? "")?.complaint(text);
    } else if (method === "browsingContext.userPromptOpened") {
      const { context, message } = params as { context: string; message: string };
      const accept = this.#watches.get(context)?.dialog(message) ?? false;
      // The page may be gone by now.
      this.send("browsingContext.handleUserPrompt", { context, accept }).catch(() => {});
    }
  }
}

type Evaluated =
  | { readonly type: "success"; readonly result: { value?: string; sharedId?: string } }
  | { readonly type: "exception"; readonly exceptionDetails: { readonly text: string } };

class BidiTab implements Tab {
  readonly #session: Session;
  readonly #context: string;

  constructor(session: Session, context: string) {
    this.#session = session;
    this.#context = context;
  }

  async run(body: string, argument: string): Promise<string> {
    const { value = "" } = await this.#call(`async (argument) => { ${body} }`, [
      { type: "string", value: argument },
    ]);
    return value;
  }

  async element(expression: string): Promise<string> {
    const { sharedId } = await this.#call(`() => ${expression}`, []);
    if (sharedId === undefined) throw new Error(`no element: ${expression}`);
    return sharedId;
  }

  navigate(url: string, until: Until): Promise<void> {
    return this.#send("browsingContext.navigate", { url, wait: readiness(until) });
  }

  reload(until: Until): Promise<void> {
    return this.#send("browsingContext.reload", { wait: readiness(until) });
  }

  async back(): Promise<void> {
    const here = "() => location.href";
    const { value: before } = await this.#call(here, []);
    await this.#send("browsingContext.traverseHistory", { delta: -1 });
    await until(async () => (await this.#call(here, [])).value !== before);
  }

  close(): Promise<void> {
    return this.#send("browsingContext.close", {});
  }

  async click(element: string): Promise<void> {
    await this.#call("(one) => one.scrollIntoView({ block: 'center' })", [{ sharedId: element }]);
    const origin = { type: "element", element: { sharedId: element } };
    await this.#act("pointer", [
      { type: "pointerMove", x: 0, y: 0, origin },
      { type: "pointerDown", button: 0 },
      { type: "pointerUp", button: 0 },
    ]);
  }

  upload(element: string, files: readonly string[]): Promise<void> {
    return this.#send("input.setFiles", { element: { sharedId: element }, files });
  }

  keys(keys: readonly string[]): Promise<void> {
    const press = (value: string) => [
      { type: "keyDown", value },
      { type: "keyUp", value },
    ];
    return this.#act("key", keys.flatMap(press));
  }

  resize(width: number, height: number): Promise<void> {
    return this.#send("browsingContext.setViewport", { viewport: { width, height } });
  }

  #act(type: "key" | "pointer", actions: readonly object[]): Promise<void> {
    return this.#send("input.performActions", { actions: [{ type, id: type, actions }] });
  }

  #send<T>(method: string, params: object): Promise<T> {
    return this.#session.send(method, { context: this.#context, ...params });
  }

  async #call(functionDeclaration: string, args: readonly object[]) {
    const evaluated = await this.#session.send<Evaluated>("script.callFunction", {
      functionDeclaration,
      arguments: args,
      awaitPromise: true,
      target: { context: this.#context },
    });
    if (evaluated.type === "exception") throw new Error(evaluated.exceptionDetails.text);
    return evaluated.result;
  }
}

function readiness({ waitUntil = "load" }: Until): string {
  return waitUntil === "load" ? "complete" : "interactive";
}
