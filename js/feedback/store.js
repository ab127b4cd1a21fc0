// Where a page keeps what was said: in the browser's storage for pages, where there is one and has room; in memory
// otherwise, until the page is closed.

/** Another page's script may have blocked the storage, and a browser may refuse it: then each use raises. */
function attempt(/** @type {() => any} */ act) {
  try {
    return act();
  } catch {
    return undefined;
  }
}

/**
 * Each record is an entry of its own, so that two tabs of one page do not write over each other's.
 * @param {() => Storage} storage  returns the browser's, or raises
 * @param {string} prefix  with which the names of this page's entries begin
 */
export function createStore(storage, prefix) {
  /** What the browser's storage has not taken. @type {Map<string, string>} */
  const memory = new Map();

  return {
    /** Whether something is lost when the page is closed. */
    get isFleeting() {
      return memory.size > 0;
    },

    /** @param {string} id @param {string} line */
    put(id, line) {
      memory.delete(id);
      const isKept = attempt(() => {
        storage().setItem(prefix + id, line);
        return true;
      });
      if (!isKept) memory.set(id, line);
    },

    /** @param {string} id */
    drop(id) {
      memory.delete(id);
      attempt(() => storage().removeItem(prefix + id));
    },

    /** All lines by their ids, the oldest first: ids begin with the time. @returns {Map<string, string>} */
    all() {
      /** @type {[string, string][]} */
      const kept = attempt(() => Object.entries(storage())) ?? [];
      const mine = kept.filter(([name]) => name.startsWith(prefix)).map(([name, line]) => [name.slice(prefix.length), line]);
      const lines = new Map([.../** @type {[string, string][]} */ (mine), ...memory]); // memory has the newer
      return new Map([...lines].sort(([one], [other]) => (one < other ? -1 : 1)));
    },
  };
}
