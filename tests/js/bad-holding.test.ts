/** What cannot be pinned, leased or warmed. */

import { table } from "./bad-table.js";

const none = undefined as never;

table("pins, leases and warming that are refused", {
  "a pin of nothing known": [(store) => store.pin("none"), "NOT_FOUND", /no entry none to pin/],
  "a pin of another version": [(store) => store.pin("kept|2"), "NOT_FOUND", /kept\|2/],
  "a pin of no canonical": [(store) => store.pin("a b"), "INVALID_KEY", /"a b" holds white space/],
  "a pin of no text": [(store) => store.pin(5 as never), "INVALID_KEY", /string, not number/],
  "an unpin of no canonical": [(store) => store.unpin("|1"), "INVALID_KEY", /no URL/],
  "a lease of a text": [(store) => store.lease("kept" as never), "INVALID_VALUE", /a list of/],
  "a lease of nothing": [
    (store) => store.lease(none),
    "INVALID_VALUE",
    /canonicals is undefined, must be a list/,
  ],
  "a lease of no canonical": [(store) => store.lease(["kept", ""]), "INVALID_KEY", /no URL/],
  "a lease of a number": [
    (store) => store.lease([5 as never]),
    "INVALID_KEY",
    /string, not number/,
  ],
  "a lone surrogate": [(store) => store.lease(["\ud800"]), "INVALID_KEY", /lone surrogate/],
  "a closure of no kind": [
    (store) => store.lease(["kept"], { closure: ["bases" as never] }),
    "INVALID_VALUE",
    /closure is an array, must be true, false or a list of base, type/,
  ],
  "a closure that is a text": [
    (store) => store.warm({ canonicals: ["kept"], closure: "base" as never }),
    "INVALID_VALUE",
    /closure is "base", must be/,
  ],
  "a lease after its release": [
    async (store) => {
      const lease = await store.lease(["kept"]);
      lease.release();
      return lease.get("kept");
    },
    "CLOSED",
    /the lease of kept was released/,
  ],
  "a top below 0": [
    (store) => store.warm({ top: -1 }),
    "INVALID_VALUE",
    /top is -1, must be a whole/,
  ],
  "half a top": [(store) => store.warm({ top: 0.5 }), "INVALID_VALUE", /from 0 to 1000000/],
  "a top that is no number": [(store) => store.warm({ top: Number.NaN }), "INVALID_VALUE", /top/],
  "a top as text": [(store) => store.warm({ top: "5" as never }), "INVALID_VALUE", /top/],
  "too much of a top": [(store) => store.warm({ top: 1_000_001 }), "INVALID_VALUE", /top/],
  "warming what is no canonical": [
    (store) => store.warm({ canonicals: ["a b"] }),
    "INVALID_KEY",
    /white space/,
  ],
  "warming a text": [
    (store) => store.warm({ canonicals: "kept" as never }),
    "INVALID_VALUE",
    /a list/,
  ],
});
