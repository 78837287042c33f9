import { OutcomeUnknownError, StepFailedError } from "../errors";
import type { ServerFacts } from "../mysql/facts";
import { reloadReason } from "../mysql/membership";
import { observe } from "../mysql/observe";
import { ServerError, type Session } from "../mysql/session";
import { print } from "../mysql/sql";
import { type MemberPlan, nothingToDo, reloadTls, undoOf } from "../plan/group-member";
import type { Step } from "../plan/step";
import type { Job, JobResult } from "./job";

/** One member of the batch: its login, what is known of it, and what was done to it, so that it can be undone. */
export class Handle {
  private done: Step[] = [];
  readonly before: ServerFacts;
  facts: ServerFacts;
  readonly plan: MemberPlan;
  /** True once the change of this member is whole: nothing of it is taken back any more. */
  settled = false;
  changed = false;
  failure: unknown;
  takenBackAt: number | undefined;

  constructor(
    readonly job: Job,
    readonly session: Session,
    facts: ServerFacts,
  ) {
    this.before = facts;
    this.facts = facts;
    this.plan = job.leave ? nothingToDo(job.address) : job.plan(facts);
  }

  get id(): string {
    return this.facts.uuid;
  }

  get address(): string {
    return this.job.address;
  }

  async observe(): Promise<ServerFacts> {
    this.facts = await observe(this.session);
    return this.facts;
  }

  async apply(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      // Noted before it is sent: a statement whose outcome is unknown has to be taken back as well.
      this.done.push(step);
      this.changed = true;
      await this.run(step);
    }
  }

  /** Puts back what was set, and reloads TLS where that was part of it. */
  async undo(): Promise<void> {
    const steps = undoOf(this.done);
    const reload = this.done.some((step) => print(step.sql) === reloadTls);
    this.done = [];
    const failures: unknown[] = [];
    for (const step of [...steps, ...(reload ? [reloadStep(this.address)] : [])])
      await this.run(step).catch((error: unknown) => failures.push(error));
    // What one statement cannot put back must not keep the others from it.
    if (failures.length > 0) throw failures[0];
  }

  /** Nothing of what was done is taken back any more. */
  forget(): void {
    this.done = [];
  }

  settle(): void {
    this.forget();
    this.settled = true;
  }

  get result(): JobResult {
    return { before: this.before, facts: this.facts, changed: this.changed };
  }

  get touched(): boolean {
    return this.done.length > 0;
  }

  private async run(step: Step): Promise<void> {
    try {
      await this.session.write(step.sql, this.job.secrets);
    } catch (error) {
      const why = isReloadRefusal(error) ? await reloadReason(this.session) : undefined;
      throw stepFailure(this.address, print(step.sql), error, why);
    }
  }
}

function reloadStep(server: string): Step {
  return { server, sql: { parts: [reloadTls] }, undo: [] };
}

/** A statement that failed, in words: what it was, on which server, and the server's reason. */
export function stepFailure(server: string, statement: string, error: unknown, reason?: string): Error {
  if (!(error instanceof ServerError)) return error as Error;
  if (error.lost) return new OutcomeUnknownError(server, statement, error.reason);
  return new StepFailedError(
    server,
    statement,
    {
      what: `${server} refused ${statement}`,
      why: `${reason === undefined ? "" : `${reason}; `}${error.reason} (${error.errno})`,
      todo: hintFor(error, statement),
    },
    { errno: error.errno },
  );
}

function isReloadRefusal(error: unknown): boolean {
  return error instanceof ServerError && error.errno === 3888;
}

function hintFor(error: ServerError, statement: string): string {
  const privilege = /need \(?(?:at least one of\)? )?the ([A-Z_, ]+) privilege/.exec(error.reason)?.[1];
  if (privilege !== undefined) return `GRANT ${privilege.split(" or ")[0]} to the administrator's account`;
  if (statement === reloadTls)
    return "see that ssl_ca, ssl_cert, ssl_key, ssl_crl and ssl_cipher name files and ciphers that the server can read and that belong together, and that the certificate is valid now and signed by a CA in ssl_ca";
  return "correct the declaration, then pulumi up";
}
