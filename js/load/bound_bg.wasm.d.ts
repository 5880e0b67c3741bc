/* tslint:disable */
/* eslint-disable */
export const memory: WebAssembly.Memory;
export const __wbg_archivereader_free: (a: number, b: number) => void;
export const __wbg_archivewriter_free: (a: number, b: number) => void;
export const __wbg_loghandle_free: (a: number, b: number) => void;
export const __wbg_storehandle_free: (a: number, b: number) => void;
export const archivereader_finish: (a: number, b: number) => void;
export const archivereader_new: (a: number, b: number, c: number, d: number) => number;
export const archivereader_push: (a: number, b: number, c: number) => void;
export const archivereader_step: (a: number, b: number) => void;
export const archivewriter_add: (
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
  g: number,
  h: number,
  i: number,
  j: number,
) => void;
export const archivewriter_finish: (a: number, b: number) => void;
export const archivewriter_new: () => number;
export const archivewriter_take: (a: number, b: number) => void;
export const loghandle_abandon: (a: number, b: number) => void;
export const loghandle_begin: (a: number, b: number, c: number, d: number) => void;
export const loghandle_beginMove: (a: number, b: number, c: number) => void;
export const loghandle_byUrl: (a: number, b: number, c: number, d: number) => void;
export const loghandle_changed: (a: number, b: number, c: number) => void;
export const loghandle_checkHeader: (a: number, b: number, c: number, d: number, e: number) => void;
export const loghandle_commitDone: (a: number, b: number, c: number, d: number) => void;
export const loghandle_damage: (a: number, b: number) => void;
export const loghandle_delete: (a: number, b: number, c: number, d: number) => void;
export const loghandle_deleted: (a: number, b: number, c: number) => void;
export const loghandle_dropDraft: (a: number) => void;
export const loghandle_end: (a: number, b: number) => void;
export const loghandle_fail: (a: number, b: number, c: number) => void;
export const loghandle_forget: (a: number, b: number) => number;
export const loghandle_index: (a: number, b: number) => void;
export const loghandle_isEmpty: (a: number) => number;
export const loghandle_isNamed: (a: number, b: number, c: number, d: number) => void;
export const loghandle_isNeeded: (a: number, b: number) => number;
export const loghandle_isOutranked: (a: number) => number;
export const loghandle_keeps: (a: number, b: number, c: number, d: number) => void;
export const loghandle_load: (a: number, b: number, c: number, d: number) => void;
export const loghandle_locate: (a: number, b: number, c: number, d: number) => void;
export const loghandle_mergeTarget: (a: number) => number;
export const loghandle_movable: (a: number, b: number, c: number) => void;
export const loghandle_moveBody: (
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
) => void;
export const loghandle_moveRows: (a: number, b: number, c: number, d: number) => void;
export const loghandle_name: (a: number, b: number, c: number) => void;
export const loghandle_new: (a: number, b: number, c: number, d: number, e: number) => void;
export const loghandle_planBytes: (a: number, b: number, c: number) => void;
export const loghandle_planGaps: (a: number, b: number, c: number) => void;
export const loghandle_planPlace: (a: number, b: number, c: number) => void;
export const loghandle_present: (a: number, b: number) => void;
export const loghandle_published: (a: number) => void;
export const loghandle_put: (
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
  g: number,
  h: number,
  i: number,
  j: number,
  k: number,
  l: number,
) => void;
export const loghandle_revision: (a: number, b: number, c: number) => number;
export const loghandle_rewind: (a: number) => void;
export const loghandle_row: (a: number, b: number, c: number, d: number) => void;
export const loghandle_scan: (a: number, b: number, c: number, d: number, e: number) => void;
export const loghandle_scanned: (a: number, b: number) => number;
export const loghandle_seal: (a: number, b: number, c: number) => void;
export const loghandle_segment: (a: number, b: number, c: number) => number;
export const loghandle_snapshot: (a: number, b: number) => void;
export const loghandle_startCounting: (a: number) => void;
export const loghandle_status: (a: number, b: number) => number;
export const loghandle_synced: (a: number, b: number, c: number) => void;
export const loghandle_token: (a: number) => number;
export const loghandle_uncovered: (a: number) => number;
export const loghandle_unsynced: (a: number, b: number) => void;
export const loghandle_verify: (
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
  g: number,
  h: number,
  i: number,
  j: number,
) => void;
export const loghandle_wasted: (a: number, b: number) => void;
export const memoryBytes: () => number;
export const packFormat: (a: number, b: number, c: number) => void;
export const sameContent: (a: number, b: number, c: number, d: number, e: number) => void;
export const sha256: (a: number, b: number, c: number) => void;
export const start: () => void;
export const storeOfSegment: (a: number, b: number, c: number, d: number, e: number) => void;
export const storehandle_addPending: (a: number, b: number) => void;
export const storehandle_admitDecoded: (a: number, b: number, c: number) => number;
export const storehandle_admitEncoded: (a: number, b: number, c: number, d: number) => void;
export const storehandle_candidates: (a: number, b: number, c: number) => void;
export const storehandle_canonical: (a: number, b: number, c: number) => void;
export const storehandle_damaged: (a: number, b: number) => void;
export const storehandle_drain: (a: number, b: number, c: number, d: number, e: number) => void;
export const storehandle_effects: (a: number, b: number) => void;
export const storehandle_encoded: (a: number, b: number, c: number) => void;
export const storehandle_endSweep: (a: number, b: number, c: number) => void;
export const storehandle_expires: (a: number) => number;
export const storehandle_find: (a: number, b: number, c: number, d: number) => void;
export const storehandle_form: (a: number, b: number) => number;
export const storehandle_hasRoom: (a: number, b: number) => number;
export const storehandle_hash: (a: number, b: number, c: number) => void;
export const storehandle_hashes: (a: number, b: number, c: number, d: number) => void;
export const storehandle_hold: (a: number, b: number) => number;
export const storehandle_insertIndex: (
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
) => void;
export const storehandle_insertRow: (
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
  g: number,
  h: number,
  i: number,
) => void;
export const storehandle_key: (a: number, b: number, c: number) => void;
export const storehandle_list: (
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
  g: number,
  h: number,
  i: number,
  j: number,
  k: number,
  l: number,
  m: number,
) => void;
export const storehandle_lookUp: (a: number, b: number, c: number) => number;
export const storehandle_meta: (a: number, b: number, c: number) => void;
export const storehandle_metadata: (a: number, b: number, c: number) => void;
export const storehandle_new: (
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
  g: number,
  h: number,
  i: number,
) => void;
export const storehandle_pack: (a: number, b: number, c: number, d: number, e: number) => void;
export const storehandle_packIndex: (a: number, b: number) => void;
export const storehandle_put: (
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
  g: number,
  h: number,
  i: number,
) => void;
export const storehandle_rank: (a: number, b: number, c: number) => void;
export const storehandle_release: (a: number, b: number, c: number) => void;
export const storehandle_removePending: (a: number, b: number) => void;
export const storehandle_removeRow: (a: number, b: number, c: number, d: number) => void;
export const storehandle_reserve: (a: number, b: number, c: number) => number;
export const storehandle_rowsOf: (a: number, b: number, c: number, d: number) => void;
export const storehandle_setIdle: (a: number, b: number) => void;
export const storehandle_setUses: (a: number, b: number, c: number) => void;
export const storehandle_setWhole: (a: number, b: number, c: number) => void;
export const storehandle_stale: (a: number, b: number, c: number, d: number) => void;
export const storehandle_startSweep: (a: number) => void;
export const storehandle_stats: (a: number, b: number) => void;
export const storehandle_trim: (a: number, b: number, c: number) => number;
export const storehandle_urlText: (a: number, b: number, c: number) => void;
export const storehandle_used: (a: number, b: number, c: number, d: number) => void;
export const storehandle_uses: (a: number, b: number) => void;
export const unpackFormat: (a: number, b: number, c: number) => void;
export const __wbindgen_exn_store: (a: number) => void;
export const __externref_table_alloc: () => number;
export const __wbindgen_externrefs: WebAssembly.Table;
export const __wbindgen_add_to_stack_pointer: (a: number) => number;
export const __externref_table_dealloc: (a: number) => void;
export const __wbindgen_malloc: (a: number, b: number) => number;
export const __wbindgen_free: (a: number, b: number, c: number) => void;
export const __externref_drop_slice: (a: number, b: number) => void;
export const __wbindgen_start: () => void;
