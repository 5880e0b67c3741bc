/** What a browser test may ask of an engine; the tests know nothing else of it. */

/** The engines that `FSS_BROWSER` may name. */
export type EngineName = "chromium" | "firefox" | "webkit";

/** A browser engine of this machine. */
export interface Engine {
  /** As people call it. */
  readonly title: string;
  /** What has to be installed before it can be started, and how; undefined when nothing has. */
  missing(): string | undefined;
  /** Starts it on a folder for its profile. */
  launch(profile: string, options?: LaunchOptions): Promise<Running>;
}

/** How an engine is started. */
export interface LaunchOptions {
  /** How many bytes `origin` may store; where it is left out, what the engine gives. */
  readonly quota?: { readonly origin: string; readonly bytes: number };
  /** What the user of the machine prefers; nothing moves then, either. */
  readonly colorScheme?: "light" | "dark";
}

/** An engine that runs, with one profile. */
export interface Running {
  /** The folder that its downloads come to, under the names that pages give them. */
  readonly downloads: string;
  /** A new tab, visible as all of them are. */
  newPage(watch?: Watch): Promise<Page>;
  close(): Promise<void>;
}

/** Who hears of what a page does besides. */
export interface Watch {
  /**
   * An error in its console, an exception nobody caught, a violation of its policy. Of these the driver of
   * WebKit tells nothing.
   */
  complaint(text: string): void;
  /** It asks something; returns whether to agree. */
  dialog(message: string): boolean;
}

/** When a navigation has been waited for: the new document is there, or all of it is loaded. */
export interface Until {
  readonly waitUntil?: "commit" | "load";
}

/** For how long something is waited for. */
export interface Patience {
  /** Milliseconds; 30 s where it is left out. */
  readonly timeout?: number;
}

/** A tab. The part of Playwright's interface that the tests need. */
export interface Page {
  /** The value of an expression, or of a function called with `argument`; a promise is waited for. */
  evaluate<R>(expression: string): Promise<R>;
  evaluate<R>(run: () => R | Promise<R>): Promise<R>;
  evaluate<R, A>(run: (argument: A) => R | Promise<R>, argument: A): Promise<R>;
  goto(url: string): Promise<unknown>;
  reload(until?: Until): Promise<unknown>;
  goBack(until?: Until): Promise<unknown>;
  close(): Promise<void>;
  title(): Promise<string>;
  /** Waits until the expression, or the function called with `argument`, comes to something true. */
  waitForFunction(expression: string): Promise<unknown>;
  waitForFunction<A>(
    run: (argument: A) => unknown,
    argument?: A,
    options?: Patience,
  ): Promise<unknown>;
  /** Waits until the address ends like `pattern`, which begins with two stars. */
  waitForURL(pattern: string, until?: Until): Promise<void>;
  waitForTimeout(ms: number): Promise<void>;
  /** Runs a classic script in the page. */
  addScriptTag(script: { content: string }): Promise<unknown>;
  setViewportSize(size: { width: number; height: number }): Promise<void>;
  readonly keyboard: {
    press(key: string): Promise<void>;
    type(text: string): Promise<void>;
  };
  locator(css: string, filter?: Filter): Locator;
}

/** Which of the elements that a selector finds are meant. */
export interface Filter {
  /** Those with this in their text. */
  readonly hasText?: string | RegExp;
  /** Those with an element that this finds in them; `:scope` is the element itself. */
  readonly has?: Locator;
}

/** A file made on the spot. */
export interface MadeFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** Elements of a page, looked for anew at each use; what acts on one waits until there is one. */
export interface Locator {
  locator(css: string, filter?: Filter): Locator;
  first(): Locator;
  count(): Promise<number>;
  waitFor(options?: Patience & { state?: "visible" | "hidden" }): Promise<void>;
  evaluate<R>(run: (element: Element) => R): Promise<R>;
  click(): Promise<void>;
  uncheck(): Promise<void>;
  focus(): Promise<void>;
  fill(value: string): Promise<void>;
  /** Chooses files, named by their paths or made on the spot. */
  setInputFiles(files: string | MadeFile | MadeFile[]): Promise<void>;
  isVisible(): Promise<boolean>;
  textContent(): Promise<string | null>;
  innerText(): Promise<string>;
  getAttribute(name: string): Promise<string | null>;
  allTextContents(): Promise<string[]>;
}
