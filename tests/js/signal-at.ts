/**
 * Loaded into the process of a command before anything else: sends it a signal of the system at the point
 * that `SIGNAL_AT` names, which no delay would meet twice.
 */

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import type { Signalled } from "./commands.js";

const { name, at, nth = 1, times = 1, stuck } = JSON.parse(`${process.env.SIGNAL_AT}`) as Signalled;
let sent = false;
let commits = 0;

function send(): void {
  if (sent) return;
  sent = true;
  for (let time = 0; time < times; time += 1) process.kill(process.pid, name);
  process.send?.("sent");
}

process.on("newListener", (event) => {
  if (at === "outside" && event === name) process.send?.("ready");
});

const { fdatasync, createWriteStream, createReadStream } = fs;
let read = 0;
let wanted = Number.POSITIVE_INFINITY;
fs.fdatasync = ((fd: number, done: (error: Error | null) => void) => {
  commits += 1;
  const isNow = at === "commit" ? commits === nth : at === "last-commit" && read >= wanted;
  if (isNow) send();
  if (!(sent && stuck)) fdatasync(fd, done);
}) as typeof fs.fdatasync;
fs.createWriteStream = ((...args: Parameters<typeof createWriteStream>) => {
  if (at === "write") send();
  return createWriteStream(...args);
}) as typeof fs.createWriteStream;
fs.createReadStream = ((...args: Parameters<typeof createReadStream>) => {
  if (at === "reading") send();
  return createReadStream(...args);
}) as typeof fs.createReadStream;

const { readFile, readdir } = fs.promises;
fs.promises.readdir = (async (...args: Parameters<typeof readdir>) => {
  const found = await readdir(...args);
  wanted = found.length - 20;
  return found;
}) as typeof readdir;
fs.promises.readFile = (async (...args: Parameters<typeof readFile>) => {
  read += 1;
  // The first one is that of the configuration. It is delivered in the next turn of the event loop.
  if (at === "start" && !sent) {
    send();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return readFile(...args);
}) as typeof readFile;
syncBuiltinESMExports();
