/**
 * Unpacking gzip as `gzip -d` does it: several members one after the other, zeros after the last. Platforms
 * differ in whether they accept these, so this is loaded where one refuses.
 */

import { Inflate } from "pako";

/** Bytes unpacked at a time. */
const SLICE = 64 * 1024;

/**
 * What `bytes` unpack to. Each member's checksum is checked; the stream fails when one does not hold, when the
 * last member is cut off, and when anything but zeros comes after it.
 */
export function gunzip(bytes: Uint8Array): ReadableStream<Uint8Array> {
  const inflate = new Inflate();
  let unpacked: Uint8Array[] = [];
  inflate.onData = (chunk) => unpacked.push(chunk);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      while (unpacked.length === 0 && at < bytes.length && !inflate.ended) {
        const end = Math.min(at + SLICE, bytes.length);
        inflate.push(bytes.subarray(at, end), end === bytes.length);
        at = end;
      }
      for (const chunk of unpacked) controller.enqueue(chunk);
      unpacked = [];
      if (inflate.err !== 0) throw new Error(inflate.msg || "the gzip stream is cut off");
      if (!inflate.ended && at < bytes.length) return;
      const unread = at - unreadOf(inflate);
      if (bytes.subarray(unread).some((byte) => byte !== 0)) {
        throw new Error("there is data after the end of the gzip stream");
      }
      controller.close();
    },
  });
}

/** Bytes of the last slice that were left when the stream ended; pako tells nobody. */
function unreadOf(inflate: Inflate): number {
  return (inflate as unknown as { readonly strm: { readonly avail_in: number } }).strm.avail_in;
}
