/** Requests of the editor. The slowest line carries four bytes in a millisecond. */
const PATIENCE = 15_000, SLOWEST = 4, ALIVE = 50_000;

/** Ask the address of the form; raise an error with the status of a refusal, or whatever a lost connection raises. */
export async function ask(address, pairs = null) {
  const body = pairs?.toString();
  const answer = await fetch(address, {
    method: pairs ? "POST" : "GET",
    headers: { Accept: "application/json", ...(pairs && { "Content-Type": "application/x-www-form-urlencoded" }) },
    body, cache: "no-store", keepalive: Boolean(body) && body.length < ALIVE, signal: AbortSignal.timeout(PATIENCE + (body?.length ?? 0) / SLOWEST),
  });
  const told = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(told.code), { status: answer.status });
  return told;
}

/** A number of 53 bits that tells texts apart. */
export function digest(text) {
  let one = 0xdeadbeef, other = 0x41c6ce57;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text.charCodeAt(at);
    one = Math.imul(one ^ letter, 2654435761);
    other = Math.imul(other ^ letter, 1597334677);
  }
  one = Math.imul(one ^ (one >>> 16), 2246822507) ^ Math.imul(other ^ (other >>> 13), 3266489909);
  other = Math.imul(other ^ (other >>> 16), 2246822507) ^ Math.imul(one ^ (one >>> 13), 3266489909);
  return 4294967296 * (2097151 & other) + (one >>> 0);
}
