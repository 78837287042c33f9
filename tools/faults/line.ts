import type { Socket } from "node:net";
import { type Packet, Packets, readLogin, statementIn } from "./packets";

/**
 * Where a connection breaks. before: the statement never reaches the server; during: it does, and the
 * server finds nobody to answer to; after: the server has done it, and its answer is lost.
 */
export type Moment = "before" | "during" | "after";

interface Rules {
  /** Milliseconds. */
  delay(): number;
  /** Told each statement; answers where the connection breaks, if it does. */
  decide(statement: string): Moment | undefined;
}

/** One connection through a proxy. */
export class Line {
  private readonly packets = new Packets();
  private login: ReturnType<typeof readLogin> | undefined;
  private answers: Promise<void> = Promise.resolve();
  private breaksAtAnswer = false;

  constructor(
    private readonly client: Socket,
    private readonly server: Socket,
    private readonly rules: Rules,
  ) {
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      socket.setNoDelay(true);
      socket.on("error", () => socket.destroy());
      socket.on("end", () => other.end());
      socket.on("close", () => other.destroySoon());
    }
    client.on("data", (chunk) => this.fromClient(chunk));
    server.on("data", (chunk) => this.fromServer(chunk));
  }

  onEnd(tell: () => void): void {
    this.client.once("close", tell);
  }

  break(): void {
    this.client.destroy();
    this.server.destroy();
  }

  private fromClient(chunk: Buffer): void {
    if (this.login?.encrypted) return void this.server.write(chunk);
    for (const packet of this.packets.push(chunk)) {
      if (this.login?.encrypted) this.server.write(packet.bytes);
      else if (!this.pass(packet)) return;
    }
    if (this.login?.encrypted) this.server.write(this.packets.takeRest());
  }

  /** False where the connection broke. */
  private pass(packet: Packet): boolean {
    this.login ??= readLogin(packet);
    const text = statementIn(packet, this.login.attributes);
    const moment = text === undefined ? undefined : this.rules.decide(text);
    if (moment === "before") {
      this.break();
      return false;
    }
    this.breaksAtAnswer = moment === "after";
    if (moment !== "during") return this.server.write(packet.bytes) || true;
    // Not destroyed: a reset could overtake the statement.
    this.server.end(packet.bytes);
    this.client.destroy();
    return false;
  }

  private fromServer(chunk: Buffer): void {
    if (this.breaksAtAnswer) return this.break();
    const delay = this.rules.delay();
    if (delay === 0 && !this.delayed) return void this.client.write(chunk);
    this.delayed = true;
    const due = new Promise<void>((done) => setTimeout(done, delay));
    this.answers = this.answers.then(() => due).then(() => void this.client.write(chunk));
  }

  /** Once an answer has been late, all that follow wait for it. */
  private delayed = false;
}
