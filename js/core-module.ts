/**
 * The compiled core. The glue is a function that makes a fresh instance each time, so that a store
 * has an instance of its own and a trapped one can be replaced.
 */

import { type Glue, makeGlue } from "./glue.js";

/** A compiled core, ready to be instantiated any number of times. */
export interface CoreModule {
  /** A fresh instance with memory of its own. Synchronous: compiling was the slow part. */
  instantiate(): Glue;
}

/** Wraps a compiled `WebAssembly.Module`. */
export function coreModule(module: WebAssembly.Module): CoreModule {
  return {
    instantiate() {
      const glue = makeGlue();
      glue.initSync({ module });
      return glue;
    },
  };
}
