/**
 * The compiled core. The glue is a function that makes a fresh instance each time, so that a store
 * has an instance of its own and a trapped one can be replaced.
 */

import type { StoreGlue } from "./store-glue.js";

/** A compiled core, ready to be instantiated any number of times. */
export interface CoreModule<Binding extends StoreGlue = StoreGlue> {
  /**
   * A fresh instance with memory of its own. Synchronous: compiling was the slow part. Only where
   * there is a file system does it have the log of the `fs` adapter.
   */
  instantiate(): Binding;
  /** The same with another binding to the core. */
  instantiate<Other extends Pick<StoreGlue, "initSync">>(makeOther: () => Other): Other;
}

/** A new instance of a module, with memory of its own. */
export function instantiate<Binding extends Pick<StoreGlue, "initSync">>(
  module: WebAssembly.Module,
  makeGlue: () => Binding,
): Binding {
  const glue = makeGlue();
  glue.initSync({ module });
  return glue;
}

/** Wraps a compiled `WebAssembly.Module` and what makes bindings to it. */
export function coreModule<Binding extends StoreGlue>(
  module: WebAssembly.Module,
  makeGlue: () => Binding,
): CoreModule<Binding> {
  return {
    instantiate(make: () => Pick<StoreGlue, "initSync"> = makeGlue) {
      return instantiate(module, make) as never;
    },
  };
}
