/** Marks on their way to the server: each is kept on the device at once, and leaves it when the server has it. */
import { openBox } from "./grade-box.js";

const LONGEST = 30_000, PATIENCE = 15_000, FINAL = [403, 404, 409, 412, 422];

async function post({ address, pairs }) {
  const body = new URLSearchParams(pairs).toString();
  const answer = await fetch(address, {
    method: "POST",
    headers: { Accept: "application/json", "Content-Type": "application/x-www-form-urlencoded" },
    body,
    keepalive: body.length < 50_000,
    signal: AbortSignal.timeout(PATIENCE),
  });
  if (!answer.ok) throw Object.assign(new Error(answer.statusText), { status: answer.status });
  return answer.json();
}

export class Outbox {
  /** `heard` is told of every change: what was saved last, how many wait, and since when and why nothing goes out. */
  constructor(who, heard) {
    Object.assign(this, { heard, entries: new Map(), failures: 0, keeps: true });
    this.box = openBox(who);
    this.ready = this.load();
    addEventListener("online", () => this.run());
    document.addEventListener("visibilitychange", () => document.hidden || this.run());
  }

  /** What an earlier page has left is sent like what is given now. */
  async load() {
    const box = await this.box, found = await box?.all().catch(() => null);
    this.keeps = Boolean(found);
    for (const one of found ?? []) if (!this.entries.has(one.attempt)) this.entries.set(one.attempt, { ...one, isKept: true });
    this.tell();
    this.run();
  }

  /** What is still to be sent, in the order in which it was given. */
  get waiting() {
    return [...this.entries.values()].filter(one => !one.trouble).sort((one, other) => one.at - other.at);
  }

  /** What the server did not take, which a person has to look at. */
  get troubles() {
    return [...this.entries.values()].filter(one => one.trouble);
  }

  /** Keep marks and send them soon; those of the same piece that did not leave yet are replaced. */
  put(entry) {
    this.keep({ ...entry, at: Math.max(Date.now(), (this.entries.get(entry.attempt)?.at ?? 0) + 1) });
    this.run();
  }

  /** Hold a record, and say when the device has it. */
  async keep(entry) {
    this.entries.set(entry.attempt, entry);
    try {
      await (await this.box).put(entry);
      entry.isKept = true;
    } catch {
      this.keeps = false;
    }
    if (this.since) this.tell();
  }

  drop(attempt) {
    const { at } = this.entries.get(attempt) ?? {};
    this.entries.delete(attempt);
    this.box.then(box => box?.drop(attempt, at)).catch(() => {});
    this.tell();
  }

  tell(more = {}) {
    const count = this.waiting.filter(one => one.isKept).length;
    this.heard({ count, troubles: this.troubles, keeps: this.keeps, since: this.since, why: this.why, ...more });
  }

  /** Send what waits, one after the other; settled when nothing waits, or sending has failed. */
  run() {
    clearTimeout(this.timer);
    this.running ??= this.all().finally(() => { this.running = null; });
    return this.running;
  }

  async all() {
    for (let next; (next = this.waiting[0]);) {
      if (!this.since) this.tell({ saving: true });
      try {
        this.accept(next, await post(next));
      } catch (error) {
        if (!this.fail(next, error)) return;
      }
    }
  }

  accept(sent, { version }) {
    Object.assign(this, { since: null, why: null, failures: 0 });
    const now = this.entries.get(sent.attempt);
    if (now?.at === sent.at) this.drop(sent.attempt);
    else if (now) this.keep({ ...now, pairs: now.pairs.map(([name, value]) => [name, name === "v" ? version : value]) });
    this.tell({ saved: sent, version });
  }

  /** Something did not work; gives whether to go on with the next ones. */
  fail(sent, { status }) {
    if (FINAL.includes(status)) {
      if (this.entries.get(sent.attempt)?.at === sent.at) this.keep({ ...sent, trouble: status === 412 ? "changed" : "refused" });
      this.tell();
      return true;
    }
    this.failures += 1;
    this.since ??= new Date();
    this.why = status === 401 ? "session" : "offline";
    this.timer = setTimeout(() => this.run(), Math.min(LONGEST, 1000 * 2 ** (this.failures - 1)) * (0.5 + Math.random() / 2));
    this.tell();
    return false;
  }
}
