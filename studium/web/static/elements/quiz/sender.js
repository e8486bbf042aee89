/** Sends answers: one second after the last change, at the latest after five; again with patience while that fails. */
const SOON = 1000, LATEST = 5000, LONGEST = 30_000, PATIENCE = 15_000;
const NOTHING = { sent: [], isCut: false };
const ALIVE = 50_000;  // A browser lets requests with keepalive have 64 KiB.

/** A refusal of the server: its status, the code of the problem, and the questions that it names. */
export class Refused extends Error {
  constructor(status, { code, question_ids: ids = [] }) {
    super(code);
    Object.assign(this, { status, code, ids });
  }
}

/** Ask an address of the attempt; raise Refused, or whatever a lost connection raises. */
export async function ask(address, pairs = null) {
  const began = performance.now(), body = pairs && new URLSearchParams(pairs).toString();
  const answer = await fetch(address, {
    method: pairs ? "POST" : "GET",
    headers: { Accept: "application/json", ...(pairs && { "Content-Type": "application/x-www-form-urlencoded" }) },
    body,
    cache: "no-store",
    credentials: "same-origin",
    keepalive: Boolean(body) && body.length < ALIVE,
    signal: AbortSignal.timeout(PATIENCE),
  });
  const told = await answer.json();
  if (!answer.ok) throw new Refused(answer.status, told);
  return { ...told, began };
}

export class Sender {
  /**
   * `batch` gives what waits as `{sent, isCut}`, a list of `{question, number, value, pairs}` and whether that is not all;
   * `accept` and `fail` hear what became of it. `takeOff` and `land` hear of every request, `land` whether its outcome is known.
   */
  constructor(address, { batch, accept, fail, takeOff, land }) {
    Object.assign(this, { address, batch, accept, fail, takeOff, land, failures: 0, isPaused: false, running: null, first: null });
  }

  /** Something has changed. */
  soon() {
    this.first ??= performance.now();
    if (this.failures) return;  // The next try takes it along.
    this.later(Math.min(SOON, Math.max(0, this.first + LATEST - performance.now())));
  }

  later(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.start(), wait);
  }

  /** Send what waits; settled when nothing waits any more, or sending has failed. */
  now() {
    this.isUrgent = true;
    return this.start();
  }

  start() {
    clearTimeout(this.timer);
    this.running ??= this.run().finally(() => { this.running = null; this.isUrgent = false; });
    return this.running;
  }

  /** Send; what is typed meanwhile waits for its second, unless somebody waits for it to be sent. */
  async run() {
    for (let wasCut = true; ;) {
      const { sent, isCut } = this.isPaused ? NOTHING : this.batch(ALIVE);
      if (!sent.length) { this.failures = 0; return; }  // No next try takes along what is typed now.
      if (!wasCut && !this.isUrgent) { this.soon(); return; }
      wasCut = isCut;
      this.first = null;
      try {
        this.accept(sent, await this.send(sent));
        this.failures = 0;
      } catch (error) {
        this.failures += 1;
        const wait = Math.min(LONGEST, 1000 * 2 ** (this.failures - 1));
        if (this.fail(error, sent)) this.later(wait * (0.5 + Math.random() / 2));
        return;
      }
    }
  }

  /** The page goes away: what waits is sent once more beside what runs, and the answer is not waited for. */
  leave() {
    const { sent } = this.isPaused ? NOTHING : this.batch(ALIVE);
    if (sent.length) this.send(sent).then(told => this.accept(sent, told), () => {});
  }

  async send(sent) {
    this.takeOff(sent);
    try {
      const told = await ask(this.address, sent.flatMap(one => one.pairs));
      this.land(sent, true);
      return told;
    } catch (error) {
      this.land(sent, error.status < 500);  // A lost connection has no status.
      throw error;
    }
  }

  stop() {
    this.isPaused = true;
    clearTimeout(this.timer);
  }

  go() {
    this.isPaused = false;
    this.failures = 0;
    return this.start();
  }
}
