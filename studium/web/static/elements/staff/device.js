/** The databases of this device, in IndexedDB: each has one store. */
const PATIENCE = 15_000;

/** What a request of a database gives. */
export const done = request => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = request.onblocked = () => reject(request.error ?? new Error("blocked"));
});

/** Open a database; raises where the browser keeps nothing, or has not answered in fifteen seconds: some never do. */
export function openDatabase(name, store, keyPath) {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(store, { keyPath });
  return Promise.race([done(request), new Promise((_, reject) => {
    AbortSignal.timeout(PATIENCE).onabort = () => reject(new Error("no answer"));
  })]);
}
