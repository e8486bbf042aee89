/** What a device keeps of a grader's marks: one record for each piece, in IndexedDB; nowhere where that is blocked. */
import { done, openDatabase } from "./device.js";

const NAME = "studium-grading", STORE = "marks", KEYS = "studium-keys";

/** Whether keys act on this device: what was chosen here last, or else that they do. */
export function keysAct(chosen) {
  try {
    if (chosen !== undefined) localStorage.setItem(KEYS, chosen ? "on" : "off");
    return localStorage.getItem(KEYS) !== "off";
  } catch {
    return chosen ?? true;
  }
}

/** Open the box of a grader; null where the browser keeps nothing. */
export async function openBox(who) {
  try {
    return new Box(who, await openDatabase(NAME, STORE, ["who", "attempt"]));
  } catch {
    return null;
  }
}

class Box {
  constructor(who, database) {
    Object.assign(this, { who, database });
    database.onversionchange = () => database.close();
  }

  all() {
    return done(this.database.transaction(STORE).objectStore(STORE).getAll(IDBKeyRange.bound([this.who], [this.who, []])));
  }

  /** Keep a record; settled when the disk has it, so that no crash loses what the page called kept. */
  put(record) {
    return this.change(store => store.put({ ...record, who: this.who }));
  }

  /** Let a record go, unless a newer one has taken its place. */
  drop(attempt, at) {
    return this.change(store => {
      const key = [this.who, attempt], found = store.get(key);
      found.onsuccess = () => found.result?.at <= at && store.delete(key);
    });
  }

  change(what) {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction(STORE, "readwrite", { durability: "strict" });
      transaction.oncomplete = () => resolve();
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
      what(transaction.objectStore(STORE));
    });
  }
}
