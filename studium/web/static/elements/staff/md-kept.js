/** What a device keeps of a text that somebody edits: one record for each lesson, in IndexedDB; nowhere where that is blocked. */
import { openDatabase } from "./device.js";

const NAME = "studium-texts", STORE = "texts";

/** Open what is kept of a lesson; `gone` hears that the browser took it away: somebody logged out, or cleared it. */
export async function openKept(lesson, gone) {
  try {
    return new Kept(lesson, await openDatabase(NAME, STORE, "lesson"), gone);
  } catch {
    return new Kept(lesson, null);
  }
}

class Kept {
  /** Whose record it is: the tab that began last. What another tab still writes is not taken. */
  #holder = crypto.getRandomValues(new Uint32Array(2)).join("-");

  constructor(lesson, database, gone) {
    Object.assign(this, { lesson, database });
    if (!database) return;
    database.onclose = gone;
    database.onversionchange = () => { database.close(); gone(); };
  }

  /** Take the record over, and give it; undefined where there is none. */
  async claim() {
    let kept;
    await this.#change((store, found) => {
      kept = found?.text === undefined ? undefined : found;
      store.put({ ...found, lesson: this.lesson, holder: this.#holder });
    });
    return kept;
  }

  /** Keep a record; settled when the disk has it, so that a power cut loses nothing that the page called kept. */
  put(record) {
    return this.#change((store, found) => {
      if (found?.holder === this.#holder) store.put({ ...record, lesson: this.lesson, holder: this.#holder });
      else store.transaction.abort();
    });
  }

  /** Let the text go, unless another one has taken its place. */
  drop(text) {
    return this.#change((store, found) => {
      if (found?.holder === this.#holder && found.text === text) store.put({ lesson: this.lesson, holder: this.#holder });
    });
  }

  #change(what) {
    return new Promise((resolve, reject) => {
      if (!this.database) return reject(new Error("nothing is kept here"));
      const transaction = this.database.transaction(STORE, "readwrite", { durability: "strict" });
      transaction.oncomplete = () => resolve();
      transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error("another tab has it"));
      const store = transaction.objectStore(STORE), found = store.get(this.lesson);
      found.onsuccess = () => what(store, found.result);
    });
  }
}
