import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";
import type { Member } from "../sandbox";
import { Line, type Moment } from "./line";

export interface CutOptions {
  /** @default "before" */
  moment?: Moment;
  /** Also refuse new connections from then on, until `admit`. @default false */
  lasting?: boolean;
}

export interface SeenStatement {
  /** From 1, since the last `forget`. */
  readonly number: number;
  readonly text: string;
  /** performance.now() */
  readonly at: number;
}

/** Which statement: its number, the first that begins so, or the first that matches. */
export type Which = number | string | RegExp;

interface Watch {
  readonly which: Which;
  readonly cut?: CutOptions | undefined;
  readonly tell: (statement: SeenStatement) => void;
}

/**
 * A way to a server that can fail: between an administrator's login and the server. It reads
 * statements only where the login does not use TLS.
 */
export class Proxy {
  readonly host = "127.0.0.1";
  readonly statements: SeenStatement[] = [];
  /** Logins made through it since the last `forget`. */
  logins = 0;
  /** Milliseconds by which whatever the server says comes late. */
  delay = 0;
  private number = 0;
  private readonly lines = new Set<Line>();
  private readonly watches = new Set<Watch>();
  private readonly server: Server;

  private constructor(private readonly member: Pick<Member, "host" | "port" | "user" | "password">) {
    this.server = createServer((socket) => this.accept(socket));
  }

  static async before(member: Pick<Member, "host" | "port" | "user" | "password">): Promise<Proxy> {
    const proxy = new Proxy(member);
    await proxy.listen(0);
    return proxy;
  }

  get port(): number {
    return this.number;
  }

  /** The administrator's login, for `connection` of a resource. */
  get login(): { host: string; port: number; user: string; password: string; tls: { mode: "DISABLED" } } {
    const { user, password } = this.member;
    return { host: this.host, port: this.port, user, password, tls: { mode: "DISABLED" } };
  }

  /** Forgets what it saw, and what it was to do; statements are counted from 1 again. */
  forget(): void {
    this.statements.length = 0;
    this.logins = 0;
    this.delay = 0;
    this.watches.clear();
  }

  /** Breaks, once, the connection that brings this statement; resolves when that has happened. */
  cut(which: Which, options: CutOptions = {}): Promise<SeenStatement> {
    return new Promise((tell) => this.watches.add({ which, cut: options, tell }));
  }

  /** Resolves as soon as this statement has been passed on to the server. */
  passed(which: Which): Promise<SeenStatement> {
    return new Promise((tell) => this.watches.add({ which, tell }));
  }

  /** Breaks every connection there is. */
  cutNow(): void {
    for (const line of this.lines) line.break();
  }

  /** New connections are refused, as where nobody listens. */
  refuse(): void {
    this.server.close();
  }

  async admit(): Promise<void> {
    if (!this.server.listening) await this.listen(this.number);
  }

  close(): void {
    this.refuse();
    this.cutNow();
  }

  private async listen(port: number): Promise<void> {
    await new Promise<void>((done, fail) => {
      this.server.once("error", fail);
      this.server.listen(port, this.host, () => {
        this.server.off("error", fail);
        done();
      });
    });
    this.number = (this.server.address() as AddressInfo).port;
  }

  private accept(client: Socket): void {
    this.logins++;
    const line = new Line(client, connect(this.member.port, this.member.host), {
      delay: () => this.delay,
      decide: (text) => this.decide(text),
    });
    this.lines.add(line);
    line.onEnd(() => this.lines.delete(line));
  }

  private decide(text: string): Moment | undefined {
    const statement = { number: this.statements.length + 1, text, at: performance.now() };
    this.statements.push(statement);
    const due = [...this.watches].filter(({ which }) => isMeant(which, statement));
    for (const watch of due) {
      this.watches.delete(watch);
      // When the statement has been passed on, which happens in this turn.
      setImmediate(() => watch.tell(statement));
    }
    const cuts = due.flatMap(({ cut }) => (cut ? [cut] : []));
    if (cuts.some(({ lasting }) => lasting)) this.refuse();
    return cuts[0] && (cuts[0].moment ?? "before");
  }
}

function isMeant(which: Which, { number, text }: SeenStatement): boolean {
  if (typeof which === "number") return number === which;
  return typeof which === "string" ? text.startsWith(which) : which.test(text);
}
