/**
 * Mutual exclusion between processes on one machine, freed by the kernel when its holder dies.
 *
 * On Linux a lock is the name of an abstract Unix socket, on Windows that of a pipe: whoever listens
 * there holds it, and who waits for it connects to the holder and waits for the connection to end.
 * Elsewhere it is a file that names its holder. Processes in two network namespaces do not see each
 * other's sockets, nor do Bun and the other runtimes; the log then still holds, only expectations are
 * not exact across them.
 */

import type { Server, Socket } from "node:net";
import { join } from "node:path";
import { SchemaStoreError } from "../../errors.js";
import { diskError, errno } from "./files.js";
import { acquireFile } from "./lock-file.js";

/** How long `hold` waits by default, in milliseconds. */
const PATIENCE_MS = 30_000;
/** Longest pause after a holder that was gone when asked. */
const PAUSE_MS = 10;
/** Length of `sun_path` on Linux; Bun takes one less. */
const SOCKET_NAME_BYTES = process.versions["bun"] === undefined ? 108 : 107;

/** The locks of one directory. */
export class Locks {
  readonly #directory: string;
  readonly #storeId: string;

  constructor(directory: string, storeId: string) {
    this.#directory = directory;
    this.#storeId = storeId;
  }

  /** Runs `work` while nobody else holds `name`. TIMEOUT when it is not free in time. */
  async hold<T>(
    name: string,
    work: () => Promise<T>,
    patienceMs: number = PATIENCE_MS,
  ): Promise<T> {
    const release = await this.#acquire(name, Date.now() + patienceMs);
    try {
      return await work();
    } finally {
      release();
    }
  }

  async #acquire(name: string, deadline: number): Promise<() => void> {
    // Loaded when first needed, as `net` is: a store that is only read starts 4 ms sooner without them.
    const { hash } = process.getBuiltinModule("node:crypto");
    const key = hash("sha256", `${this.#storeId}\n${name}`).slice(0, 40);
    const { platform } = process;
    if (platform !== "linux" && platform !== "win32") {
      const release = await acquireFile(join(this.#directory, `lock-${key}`), deadline);
      if (release === undefined) throw timeout(name);
      return release;
    }
    const path = platform === "linux" ? abstractName(`fss-${key}`) : `\\\\.\\pipe\\fss-${key}`;
    for (;;) {
      const release = await listen(path);
      if (release !== undefined) return release;
      if (Date.now() >= deadline) throw timeout(name);
      await holderGone(path, deadline);
    }
  }
}

/**
 * The name of an abstract socket, as long as such a name can be: Node 20 fills a shorter one up with
 * NUL, Node 24 and Deno do not, and those would be two names.
 */
function abstractName(name: string): string {
  return `\0${name.padEnd(SOCKET_NAME_BYTES - 1, "-")}`;
}

/** Listens at `path`; undefined when somebody else does. */
function listen(path: string): Promise<(() => void) | undefined> {
  const { createServer } = process.getBuiltinModule("node:net");
  return new Promise((resolve, reject) => {
    const waiting = new Set<Socket>();
    const server: Server = createServer((socket) => {
      waiting.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => waiting.delete(socket));
      socket.resume();
    });
    server.on("error", (error) => {
      if (errno(error) === "EADDRINUSE") resolve(undefined);
      else reject(diskError(error, "taking a lock", path));
    });
    server.listen(path, () => {
      resolve(() => {
        server.close();
        for (const socket of waiting) socket.destroy();
      });
    });
  });
}

/** Waits until the holder of `path` lets go of it or dies, at most until the deadline. */
function holderGone(path: string, deadline: number): Promise<void> {
  const { connect } = process.getBuiltinModule("node:net");
  return new Promise((resolve) => {
    const socket = connect(path);
    const patience = setTimeout(() => socket.destroy(), Math.max(0, deadline - Date.now()));
    let refused = false;
    socket.on("error", () => {
      refused = true;
    });
    socket.on("close", () => {
      clearTimeout(patience);
      if (refused) setTimeout(resolve, Math.random() * PAUSE_MS);
      else resolve();
    });
    socket.resume();
  });
}

function timeout(name: string): SchemaStoreError {
  return new SchemaStoreError(
    "TIMEOUT",
    `another process has held the lock "${name}" for too long`,
  );
}
