import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, type Socket, connect as tcpConnect, createServer } from "node:net";
import type { Member } from "../../tools/sandbox";

/** A port that leads to one server, to another, or to a silence: how an address changes what stands behind it. */
export interface Gate {
  readonly host: string;
  readonly port: number;
  /** From now on, connections lead there; undefined: they are accepted and nothing is ever said. */
  lead(to: Member | undefined): Promise<void>;
  /** Breaks every connection in which the client sends this text (without TLS). */
  breakOn(text: string): void;
  close(): Promise<void>;
}

export async function gate(to?: Member): Promise<Gate> {
  let behind = to;
  let last: string | undefined;
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    const keep = (s: Socket): void => {
      open.add(s);
      s.on("error", () => s.destroy());
      s.on("close", () => open.delete(s));
    };
    keep(socket);
    if (behind === undefined) return;
    const target = tcpConnect(behind.port, behind.host);
    keep(target);
    socket.on("data", (chunk) => last !== undefined && chunk.includes(last) && target.destroy());
    socket.pipe(target).pipe(socket);
    socket.on("close", () => target.destroy());
    target.on("close", () => socket.destroy());
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    lead: async (next) => {
      behind = next;
      for (const socket of open) socket.destroy();
      // Until the other side has noticed.
      await new Promise((done) => setTimeout(done, 50));
    },
    breakOn: (text) => void (last = text),
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

/** A port at which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/**
 * An address from which nothing comes back, as from a host that is down: a stopped listener whose queue is full, so that the kernel
 * drops every further connection.
 */
export async function deadAddress(): Promise<{ address: string; close: () => Promise<void> }> {
  const program =
    "require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () { console.log(this.address().port); })";
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "ignore"] });
  const port = Number(String((await once(child.stdout, "data"))[0] as Buffer));
  child.kill("SIGSTOP");
  const fill = Array.from({ length: 4 }, () => tcpConnect(port, "127.0.0.1"));
  fill.forEach((socket) => socket.on("error", () => undefined));
  await new Promise((done) => setTimeout(done, 100));
  return {
    address: `127.0.0.1:${port}`,
    close: async () => {
      fill.forEach((socket) => socket.destroy());
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}
