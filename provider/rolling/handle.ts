import { NotReadyError, OutcomeUnknownError, StepFailedError } from "../errors";
import type { ServerFacts } from "../mysql/facts";
import { reloadReason, until } from "../mysql/membership";
import { observe } from "../mysql/observe";
import { ServerError, Session } from "../mysql/session";
import { print } from "../mysql/sql";
import { type MemberPlan, nothingToDo, reloadTls, undoOf } from "../plan/group-member";
import { named, spokenNow, tlsViewOf } from "../plan/rounds";
import type { Step } from "../plan/step";
import type { TlsMember } from "../tls/rules";
import type { Job, JobResult } from "./job";
import { seenFor } from "./look";

/** A server that a supervisor starts again answers within this many seconds, if it does. */
const patience = 10;

/** One member of the batch: its login, what is known of it, and what was done to it, so that it can be undone. */
export class Handle {
  private done: Step[] = [];
  private reopened: Session | undefined;
  /** It did not answer in `patience`: it is asked again, and not waited for again. */
  private gone = false;
  readonly before: ServerFacts;
  facts: ServerFacts;
  /** Of two rounds, the one at hand. */
  plan: MemberPlan;
  /** What its group communication took when it was last started; undefined where that is not known. */
  spoken: TlsMember | undefined;
  /** TLS files of this round are set, loaded and tried. */
  prepared = false;
  /** The lists that it has since the first of its two rounds, which was made in this batch. */
  between: string | undefined;
  /** It waits for members that do not come. */
  waits = false;
  /** True once the change of this member is whole: nothing of it is taken back any more. */
  settled = false;
  changed = false;
  failure: unknown;
  takenBackAt: number | undefined;

  constructor(
    readonly job: Job,
    private readonly first: Session,
    facts: ServerFacts,
  ) {
    this.before = facts;
    this.facts = facts;
    this.plan = job.leave ? nothingToDo(job.address) : job.plan(facts);
    this.spoken = spokenNow(tlsViewOf(facts, job));
  }

  get id(): string {
    return this.facts.uuid;
  }

  get address(): string {
    return this.job.address;
  }

  get session(): Session {
    return this.reopened ?? this.first;
  }

  /**
   * Work that can be done twice. Where the connection breaks meanwhile, it is done again on a new login: whatever cut it, the server
   * may be well. Not where the server was too slow to answer: it may be at work still.
   */
  async send<T>(work: (session: Session, again: boolean) => Promise<T>): Promise<T> {
    if (this.session.closed) await this.reopen();
    const { session } = this;
    try {
      return await work(session, false);
    } catch (error) {
      if (!session.closed || session.late) throw error;
      await this.reopen().catch(() => {
        throw error;
      });
      return work(this.session, true);
    }
  }

  async close(): Promise<void> {
    await this.reopened?.close();
  }

  observe(): Promise<ServerFacts> {
    return this.send(async (session) => (this.facts = await seenFor(this.job, await observe(session))));
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
    // Where nothing was set, the same files would be loaded again.
    const reload = steps.length > 0 && this.standing.includes(reloadTls);
    const failures: unknown[] = [];
    for (const step of [...steps, ...(reload ? [reloadStep(this.address)] : [])])
      await this.run(step).catch((error: unknown) => failures.push(error));
    // What one statement cannot put back must not keep the others from it.
    if (failures.length > 0) throw failures[0];
    this.done = [];
  }

  /** Nothing of what was done is taken back any more. */
  forget(): void {
    this.done = [];
  }

  /** This round is whole; where there is another, that is what is left to do. */
  settle(): void {
    this.forget();
    this.spoken = spokenNow(tlsViewOf(this.facts, this.job));
    const { second, between = {} } = this.plan;
    this.settled = second === undefined;
    this.between = second && named(between);
    if (!second) return;
    this.prepared = false;
    this.plan = { ...this.job.plan(this.facts), reasons: second.reasons };
  }

  get result(): JobResult {
    return { before: this.before, facts: this.facts, changed: this.changed, waits: this.waits };
  }

  get touched(): boolean {
    return this.done.length > 0;
  }

  /** Statements that were sent and not taken back. */
  get standing(): string[] {
    return this.done.map((step) => print(step.sql));
  }

  private async run(step: Step): Promise<void> {
    try {
      await this.send((session, again) =>
        session.write(step.sql, this.job.secrets).catch((error: unknown) => {
          if (!(error instanceof ServerError) || !isDone(step, error, again)) throw error;
        }),
      );
    } catch (error) {
      const why = isReloadRefusal(error) ? await this.send(reloadReason).catch(() => undefined) : undefined;
      throw stepFailure(this.address, print(step.sql), error, why);
    }
  }

  private async reopen(): Promise<void> {
    let problem: unknown;
    const found = await until(
      this.gone ? 0 : patience,
      () => Session.open(this.first.target).catch((error: unknown) => void (problem = error)),
      250,
    );
    this.gone = found === undefined;
    if (!found) throw problem;
    this.reopened = found;
    const { uuid } = await observe(found);
    if (uuid !== this.id)
      throw new NotReadyError(this.address, "answers as another server than before", {
        why: `its server_uuid was ${this.id} and is ${uuid}`,
        left: `what was set on server ${this.id} is still set`,
      });
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

/** A plugin that is there already, since the first statement came through; or one to be taken back that never came. */
function isDone(step: Step, { errno }: ServerError, again: boolean): boolean {
  return (again && errno === 1125) || (errno === 1305 && print(step.sql).startsWith("UNINSTALL PLUGIN"));
}

function isReloadRefusal(error: unknown): boolean {
  return error instanceof ServerError && error.errno === 3888;
}

function hintFor(error: ServerError, statement: string): string {
  const privilege = /need \(?(?:at least one of\)? )?the ([A-Z_, ]+) privilege/.exec(error.reason)?.[1];
  if (privilege !== undefined) return `GRANT ${privilege.split(" or ")[0]} to the administrator's account`;
  if (statement === reloadTls)
    return "see that ssl_ca, ssl_cert, ssl_key, ssl_crl and ssl_cipher name files and ciphers that the server can read and that belong together, and that the certificate is valid now and signed by a CA in ssl_ca";
  if (error.errno === 1126)
    return "put the plugin's file into the server's plugin_dir (it comes with the server's packages), then pulumi up";
  return "correct the declaration, then pulumi up";
}
