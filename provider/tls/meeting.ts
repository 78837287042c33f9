import { X509Certificate } from "node:crypto";
import * as net from "node:net";
import * as tls from "node:tls";
import { type Endpoint, sslRequest } from "./handshake";

/** A client's certificate and key, PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** How a server took a client that shows a certificate, and what it showed itself. */
export interface Meeting {
  /** Undefined: it took the client's certificate. */
  readonly refusal?: string;
  /** Whether anything came back: silence says nothing of certificates. */
  readonly answered: boolean;
  /** As it was sent, its own first. */
  readonly chain: readonly X509Certificate[];
}

const limit = 5000;

const silent = (refusal: string): Meeting => ({ refusal, answered: false, chain: [] });

/** At the SQL port, with what clients get. No login is made. */
export function meetAtSqlPort(endpoint: Endpoint, identity: Identity): Promise<Meeting> {
  const socket = net.connect(endpoint.port, endpoint.host);
  return new Promise((resolve) => {
    const end = (meeting: Meeting): void => {
      socket.destroy();
      resolve(meeting);
    };
    socket.setTimeout(limit, () => end(silent(`no greeting within ${limit / 1000} s`)));
    socket.once("error", (error) => end(silent(error.message)));
    socket.once("close", () => end(silent("it closed the connection without a greeting")));
    socket.once("data", (greeting) => {
      const refusal = refusalIn(greeting);
      if (refusal !== undefined) return end(silent(refusal));
      socket.write(sslRequest);
      resolve(shake(socket, identity, (secure) => void secure.write(loginOfNobody)));
    });
  });
}

/** At group_replication_local_address, on the XCOM stack, with what members get. */
export function meetAtLocalAddress(endpoint: Endpoint, identity: Identity): Promise<Meeting> {
  return shake(net.connect(endpoint.port, endpoint.host), identity);
}

/** Why it goes no further than the greeting. */
function refusalIn(greeting: Buffer): string | undefined {
  if (greeting[4] === 0xff) return `error ${greeting.readUInt16LE(5)} in place of a greeting`;
  if (greeting[4] !== 10) return "no greeting of MySQL";
  const version = greeting.indexOf(0, 5);
  // After the version: connection id, 8 bytes of the challenge, a zero.
  const capabilities = greeting.readUInt16LE(version + 1 + 4 + 8 + 1);
  const CLIENT_SSL = 0x0800;
  return capabilities & CLIENT_SSL ? undefined : "it offers no TLS";
}

/**
 * A user of this name gets nowhere. With TLSv1.3 a server looks at the client's certificate after the client has done its part, so that
 * only what it answers to something tells that it took it.
 */
const loginOfNobody = (() => {
  const rest = Buffer.concat([
    sslRequest.subarray(4),
    Buffer.from("mysqlgr_probe\0"),
    Buffer.from([0]),
    Buffer.from("mysql_native_password\0"),
  ]);
  const head = Buffer.from([0, 0, 0, 2]);
  head.writeUIntLE(rest.length, 0, 3);
  return Buffer.concat([head, rest]);
})();

/** `greet`, where the server says nothing before the client does. */
function shake(
  socket: net.Socket,
  identity: Identity,
  greet?: (secure: tls.TLSSocket) => void,
): Promise<Meeting> {
  return new Promise((resolve) => {
    const secure = tls.connect({ socket, rejectUnauthorized: false, ...identity });
    let shown: X509Certificate[] = [];
    // A connection that is held open at local_address slows every join: end at once.
    const end = (refusal?: string): void => {
      if (shown.length === 0) shown = chainOf(secure);
      secure.destroy();
      socket.destroy();
      resolve({
        ...(refusal === undefined ? {} : { refusal }),
        answered: shown.length > 0,
        chain: shown,
      });
    };
    secure.setTimeout(limit, () => end(`no answer within ${limit / 1000} s`));
    secure.once("error", (error: Error) => end(alertIn(error)));
    secure.once("close", () => end("it closed the connection"));
    secure.once("secureConnect", () => {
      shown = chainOf(secure);
      // Up to TLSv1.2 the server ends the handshake, after it has looked at the client's certificate.
      if (secure.getProtocol() !== "TLSv1.3") return end();
      // Then come its tickets for later sessions, or its answer.
      secure.once("session", () => end());
      secure.once("data", () => end());
      greet?.(secure);
    });
  });
}

/** "tlsv1 alert unknown ca" of "...error:0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca:...": the rest differs each time. */
function alertIn({ message }: Error): string {
  return /error:[0-9A-F]+:[^:]*:[^:]*:([^:]+)/i.exec(message)?.[1] ?? message;
}

function chainOf(secure: tls.TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next: tls.DetailedPeerCertificate | undefined = secure.getPeerCertificate(true);
  // The last one is its own issuer.
  while (next?.raw && !chain.some(({ raw }) => raw.equals(next!.raw))) {
    chain.push(new X509Certificate(next.raw));
    next = next.issuerCertificate;
  }
  return chain;
}
