/**
 * Unpacking gzip as `gzip -d` does it: several members one after the other, zeros after the last. Platforms
 * differ in whether they accept these, so this is loaded where one refuses.
 */

import { Inflate } from "pako";

/** Bytes unpacked at a time: a megabyte comes of them at most, between two turns of the event loop. */
const SLICE = 1024;

/**
 * What `bytes` unpack to. Each member's checksum is checked; the stream fails when one does not hold, when the
 * last member is cut off, and when anything but zeros comes after it.
 */
export function gunzip(bytes: Uint8Array): ReadableStream<Uint8Array> {
  const members = new Members(bytes);
  return new ReadableStream({
    pull(controller) {
      let unpacked: Uint8Array[] = [];
      while (unpacked.length === 0 && !members.isRead) unpacked = members.next();
      for (const chunk of unpacked) controller.enqueue(chunk);
      if (members.isRead) controller.close();
    },
  });
}

/** The members of a gzip file, one behind the other. */
class Members {
  readonly #bytes: Uint8Array;
  #at = 0;
  #inflate: Inflate;
  #unpacked: Uint8Array[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#inflate = this.#begin();
  }

  /** Whether there is nothing left to be read. */
  get isRead(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** What the next slice unpacks to. */
  next(): Uint8Array[] {
    const bytes = this.#bytes;
    // pako goes on by itself, unless a member ended where a slice did.
    if (this.#inflate.ended && isMember(bytes, this.#at)) this.#inflate = this.#begin();
    if (this.#inflate.ended) {
      if (!isZeroFrom(bytes, this.#at)) {
        throw new Error("there is data after the end of the gzip stream");
      }
      this.#at = bytes.length;
      return [];
    }
    const end = Math.min(this.#at + SLICE, bytes.length);
    this.#inflate.push(bytes.subarray(this.#at, end), end === bytes.length);
    this.#at = end - unreadOf(this.#inflate);
    const { err, msg } = this.#inflate;
    if (err !== 0) throw new Error(msg || "the gzip stream is cut off");
    return this.#unpacked.splice(0);
  }

  #begin(): Inflate {
    const inflate = new Inflate();
    inflate.onData = (chunk) => this.#unpacked.push(chunk);
    return inflate;
  }
}

/** Whether a member begins there. */
function isMember(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x1f && bytes[at + 1] === 0x8b;
}

/** A plain loop: there may be a lot of it. */
function isZeroFrom(bytes: Uint8Array, start: number): boolean {
  for (let at = start; at < bytes.length; at += 1) if (bytes[at] !== 0) return false;
  return true;
}

/** Bytes of the last slice that were left when the stream ended; pako tells nobody. */
function unreadOf(inflate: Inflate): number {
  if (!inflate.ended) return 0;
  return (inflate as unknown as { readonly strm: { readonly avail_in: number } }).strm.avail_in;
}
