/** One tab at a time answers an attempt: the one that holds a lock of the browser. A later tab waits, or takes over. */
const forever = () => new Promise(() => {});

export class Tab {
  /** `mine` is called when this tab answers, `lost` when another one does. */
  constructor(name, { mine, lost }) {
    Object.assign(this, { name, mine, lost });
    if (!navigator.locks) mine();  // Only secure addresses have locks; there the versions of the answers must do.
    else this.request({ ifAvailable: true });
  }

  request(options) {
    this.waits = options.signal !== undefined;
    navigator.locks.request(this.name, options, lock => {
      if (!lock) { this.wait(); return undefined; }
      this.mine();
      return forever();
    }).catch(() => options.signal?.aborted || this.wait());
  }

  wait() {
    this.lost();
    this.waiting = new AbortController();
    this.request({ signal: this.waiting.signal });
  }

  take() {
    this.waiting.abort();
    this.request({ steal: true });
  }
}
