import { createHash } from "node:crypto";
import { Session } from "./session";
import type { Target } from "./target";

/** Idle logins are kept this long, so that one operation of several resources costs a server one login. */
const idleMilliseconds = 2000;

interface Kept {
  opening: Promise<Session>;
  users: number;
  timer?: NodeJS.Timeout;
}

/** Logins shared by all resources of one process: one a server and account. */
export class Sessions {
  private readonly kept = new Map<string, Kept>();

  async use<T>(target: Target, work: (session: Session) => Promise<T>): Promise<T> {
    const key = keyOf(target);
    const entry = await this.take(key, target);
    try {
      return await work(await entry.opening);
    } finally {
      entry.users -= 1;
      if (entry.users === 0) this.retire(key, entry);
    }
  }

  private async take(key: string, target: Target): Promise<Kept> {
    const found = this.kept.get(key);
    if (found) {
      found.users += 1;
      clearTimeout(found.timer);
      if (!(await found.opening).closed) return found;
      this.forget(key, found);
      return this.take(key, target);
    }
    const fresh: Kept = { opening: Session.open(target), users: 1 };
    this.kept.set(key, fresh);
    fresh.opening.catch(() => this.forget(key, fresh));
    return fresh;
  }

  private retire(key: string, entry: Kept): void {
    entry.timer = setTimeout(() => {
      if (entry.users > 0) return;
      this.forget(key, entry);
      void entry.opening.then((session) => session.close()).catch(() => undefined);
    }, idleMilliseconds);
    entry.timer.unref();
  }

  private forget(key: string, entry: Kept): void {
    if (this.kept.get(key) === entry) this.kept.delete(key);
  }
}

/** The password takes part, so that a rotated one means a new login. */
function keyOf(target: Target): string {
  return createHash("sha256").update(JSON.stringify(target)).digest("hex");
}
