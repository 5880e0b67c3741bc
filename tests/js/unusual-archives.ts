/** Archives as they come: what every platform has to read, and what each has to refuse. */

import { gunzipSync, gzipSync } from "node:zlib";
import { packTar } from "modern-tar";
import { definition, packageOf } from "./made-packages.js";

const X = "http://example.org/";

/** What the archives hold. */
export const files = { "a.json": definition(`${X}a`, "one"), "b.json": definition(`${X}b`, "two") };
/** As it should be. */
export const whole = await packageOf("p", files);
const tar = gunzipSync(whole);
/** Where the two blocks of zeros begin that end the archive. */
const end = tar.length - 1024;
const cat = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
const members = (...at: number[]) =>
  [0, ...at].map((from, index) => gzipSync(tar.subarray(from, at[index])));

/** The first block of the archive as a member of so many bytes, the rest of them a name in its header. */
function padded(length: number): Uint8Array {
  const member = gzipSync(tar.subarray(0, 512));
  const name = new Uint8Array(length - member.length).fill(0x78, 0, -1);
  const header = new Uint8Array(member.subarray(0, 10));
  header[3] = 8;
  return cat(header, name, member.subarray(10));
}

/** Of all of these both definitions are read. */
export const good: Record<string, Uint8Array> = {
  "as it should be": whole,
  "zeros after the gzip stream": cat(whole, new Uint8Array(2000)),
  "several members": cat(...members(700, 1500)),
  "several members, and zeros after them": cat(...members(700, 1500), new Uint8Array(70_000)),
  "a member that ends where a slice does, at 64 KiB": cat(
    padded(65_536),
    gzipSync(tar.subarray(512)),
  ),
  "an empty member": cat(whole, gzipSync(new Uint8Array())),
  "a tar without its end": gzipSync(tar.subarray(0, end)),
  "a tar with half of its end": gzipSync(tar.subarray(0, end + 512)),
  "a tar with more zeros": gzipSync(cat(tar, new Uint8Array(9000))),
};
/** The same behind the headers of many files without contents, some of it in a way that not every platform reads. */
export async function crowded(count: number): Promise<Record<string, Uint8Array>> {
  const header = (await packTar([{ header: { name: "a/b/c.txt", size: 0 } }])).subarray(0, 512);
  const many = Buffer.concat(Array(count).fill(header));
  const packed = gzipSync(cat(many, tar));
  return {
    "as it should be": packed,
    "zeros after the gzip stream": cat(packed, new Uint8Array(9)),
    "several members": cat(gzipSync(many), gzipSync(tar)),
  };
}

const flipped = new Uint8Array(whole);
flipped[flipped.length - 6] = (flipped.at(-6) ?? 0) ^ 1;
/** All of these are CORRUPT. */
export const bad: Record<string, Uint8Array> = {
  "something after the gzip stream": cat(whole, Buffer.from("junk")),
  "something after zeros": cat(whole, new Uint8Array(10), Buffer.from("junk")),
  "a member after zeros": cat(...members(700).flatMap((one) => [one, new Uint8Array(8)])),
  "a wrong checksum": flipped,
  "a wrong checksum in the second member": cat(gzipSync(tar), flipped),
  "a gzip stream that is cut off": whole.subarray(0, whole.length - 9),
  "a second member that is cut off": cat(gzipSync(tar), whole.subarray(0, 20)),
  "a tar that is cut off in a file": gzipSync(tar.subarray(0, end - 512 - 100)),
  "a tar that is cut off between the blocks of a file": gzipSync(longFile().subarray(0, -512)),
  "a tar that is cut off in a header": gzipSync(tar.subarray(0, end - 1500)),
  "a gzip header and nothing else": whole.subarray(0, 10),
};
/** A tar without an end whose last file takes several blocks. */
function longFile(): Uint8Array {
  const long = { ...definition(`${X}c`, "x".repeat(1500)) };
  const text = JSON.stringify(long);
  const header = new Uint8Array(tar.subarray(tar.indexOf("package/a.json"), end)).slice(0, 512);
  const size = text.length.toString(8).padStart(11, "0");
  header.set(Buffer.from(size), 124);
  header.fill(0x20, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.set(Buffer.from(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  const body = new Uint8Array(Math.ceil(text.length / 512) * 512);
  body.set(Buffer.from(text));
  return cat(tar.subarray(0, 1024), header, body);
}
