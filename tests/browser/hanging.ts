/** A browser whose transactions on IndexedDB hang. */

/**
 * Keeps each transaction of the databases that are meant alive for ever, and lets nobody hear of its answers.
 * Returns what ends this.
 */
export function hang(isMeant: (database: IDBDatabase) => boolean = () => true): () => void {
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = function (...options) {
    const made = transaction.apply(this, options);
    if (!isMeant(this)) return made;
    const ask = () => void made.objectStore("rows").get("nothing");
    made.addEventListener(
      "success",
      (event) => {
        event.stopImmediatePropagation();
        ask();
      },
      true,
    );
    ask();
    return made;
  };
  return () => {
    IDBDatabase.prototype.transaction = transaction;
  };
}
