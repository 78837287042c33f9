const CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Signal = keyof typeof CODES;

export class Interrupted extends Error {
  override readonly name = "Interrupted";

  /** `code` is for the process's exit. */
  constructor(readonly code: number) {
    super("Interrupted.");
  }
}

/** From its creation to `release`, the first Ctrl-C lets a running Pulumi end in order, and the second ends all at once. */
export class Interrupt {
  private readonly controller = new AbortController();

  /** `lastWords` are told before the process ends at once. */
  constructor(
    private readonly lastWords: string,
    /** Can be replaced, where something else draws on the terminal. */
    public tell: (text: string) => void,
  ) {
    for (const signal of Object.keys(CODES)) process.on(signal, this.handle);
  }

  release(): void {
    for (const signal of Object.keys(CODES)) process.off(signal, this.handle);
  }

  /** For a Pulumi command. Empty on a terminal, which itself tells Pulumi: to be told twice means "at once" to it. */
  get option(): { signal?: AbortSignal } {
    return process.stdin.isTTY ? {} : { signal: this.controller.signal };
  }

  /** Waits for a Pulumi command also after the interruption: it ends what it has begun, and frees the stack. */
  async outlast<T>(command: Promise<T>): Promise<T> {
    const [outcome] = await Promise.allSettled([command]);
    this.throwIfInterrupted();
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  }

  /** The result of `work`, unless the interruption comes before it. */
  race<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.controller;
    return new Promise((resolve, reject) => {
      const stop = () => reject(signal.reason as Interrupted);
      if (signal.aborted) stop();
      signal.addEventListener("abort", stop, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
    });
  }

  throwIfInterrupted(): void {
    this.controller.signal.throwIfAborted();
  }

  private readonly handle = (signal: NodeJS.Signals) => {
    const code = CODES[signal as Signal];
    if (this.controller.signal.aborted) {
      this.tell(this.lastWords);
      process.exit(code);
    }
    this.tell("Interrupted. What Pulumi has begun it ends now; Ctrl-C again ends it at once.");
    this.controller.abort(new Interrupted(code));
  };
}
