/** What a device keeps of an attempt: one record for each question, in IndexedDB; nowhere where that is blocked. */
const NAME = "studium-quiz", STORE = "answers", PATIENCE = 15_000;

/** Raises after so long too: the first request of a browser may never be answered, and the page must not wait for ever. */
const done = (request, patience) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = request.onblocked = () => reject(request.error ?? new Error("blocked"));
  if (patience) AbortSignal.timeout(patience).onabort = () => reject(new Error("no answer"));
});

/** Open the box of an attempt. One whose `keeps` is false keeps nothing: the page says so. */
export async function openBox(attempt) {
  try {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: ["attempt", "question"] });
    return new Box(attempt, await done(request, PATIENCE));
  } catch {
    return new Box(attempt, null);
  }
}

class Box {
  constructor(attempt, database) {
    this.attempt = attempt;
    this.database = database;
    if (database) database.onversionchange = () => database.close();
  }

  get keeps() {
    return this.database !== null;
  }

  range() {
    return IDBKeyRange.bound([this.attempt], [this.attempt, []]);
  }

  /** Every record, those of this attempt alone. */
  async all() {
    if (!this.keeps) return [];
    return done(this.database.transaction(STORE).objectStore(STORE).getAll(this.range()));
  }

  /** Keep a record; settled when the disk has it, so that a power cut loses nothing that the page called kept. */
  put(record) {
    return this.change(store => store.put({ ...record, attempt: this.attempt }));
  }

  /** Let a record go, unless a newer one has taken its place. */
  drop(question, number) {
    return this.change(store => {
      const key = [this.attempt, question], found = store.get(key);
      found.onsuccess = () => found.result?.number <= number && store.delete(key);
    });
  }

  /** Let everything of this attempt go. */
  clear() {
    return this.change(store => store.delete(this.range()));
  }

  change(what) {
    return new Promise((resolve, reject) => {
      if (!this.keeps) { reject(new Error("nothing is kept here")); return; }
      const transaction = this.database.transaction(STORE, "readwrite", { durability: "strict" });
      transaction.oncomplete = () => resolve();
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
      what(transaction.objectStore(STORE));
    });
  }
}
