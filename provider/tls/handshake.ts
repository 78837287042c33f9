import { X509Certificate } from "node:crypto";
import * as net from "node:net";
import * as tls from "node:tls";

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** "db1:33061", "[::1]:33061". */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text.trim());
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host !== undefined && port > 0 && port < 65536 ? { host, port } : undefined;
}

const limit = 5000;

/** XCom listens only while Group Replication runs. "unknown": nothing came back, which is no proof of absence. */
export function listens(endpoint: Endpoint): Promise<"yes" | "no" | "unknown"> {
  return new Promise((resolve) => {
    const socket = net.connect(endpoint.port, endpoint.host);
    const end = (answer: "yes" | "no" | "unknown"): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(3000, () => end("unknown"));
    socket.once("connect", () => end("yes"));
    socket.once("error", (error: NodeJS.ErrnoException) =>
      end(error.code === "ECONNREFUSED" ? "no" : "unknown"),
    );
  });
}

/** The certificate that group communication shows: what was loaded at the last START. XCOM stack only. */
export function groupCertificate(
  endpoint: Endpoint,
  protocol?: tls.SecureVersion,
): Promise<X509Certificate | undefined> {
  return shake(net.connect(endpoint.port, endpoint.host), protocol).then(([first]) => first);
}

/** The same and the CAs that are sent along with it; empty where none is shown. */
export function groupChain(endpoint: Endpoint): Promise<X509Certificate[]> {
  return shake(net.connect(endpoint.port, endpoint.host));
}

/** Protocols that group communication takes, of those that can be tried from here; undefined where it shows none. XCOM stack only. */
export async function groupProtocols(endpoint: Endpoint): Promise<string[] | undefined> {
  const taken: string[] = [];
  for (const protocol of ["TLSv1.2", "TLSv1.3"] as const)
    if (await groupCertificate(endpoint, protocol)) taken.push(protocol);
  return taken.length === 0 ? undefined : taken;
}

/** The certificate that clients get: what was loaded at the last ALTER INSTANCE RELOAD TLS. No login is made. */
export function clientCertificate(endpoint: Endpoint): Promise<X509Certificate | undefined> {
  const socket = net.connect(endpoint.port, endpoint.host);
  return new Promise((resolve) => {
    socket.setTimeout(limit, () => socket.destroy());
    socket.once("error", () => resolve(undefined));
    socket.once("close", () => resolve(undefined));
    socket.once("data", (greeting) => {
      if (greeting[4] !== 10) return socket.destroy();
      socket.write(sslRequest);
      resolve(shake(socket).then(([first]) => first));
    });
  });
}

/* Protocol 4.1 SSLRequest: CLIENT_PROTOCOL_41, CLIENT_SSL, CLIENT_SECURE_CONNECTION, CLIENT_PLUGIN_AUTH. */
export const sslRequest = (() => {
  const packet = Buffer.alloc(36);
  packet.writeUIntLE(32, 0, 3);
  packet[3] = 1;
  packet.writeUInt32LE(0x0008_8a00, 4);
  packet.writeUInt32LE(0x0100_0000, 8);
  packet[12] = 45;
  return packet;
})();

/** The certificates that are sent, the server's own first. */
function shake(socket: net.Socket, protocol?: tls.SecureVersion): Promise<X509Certificate[]> {
  return new Promise((resolve) => {
    const secure = tls.connect({
      socket,
      rejectUnauthorized: false,
      ...(protocol === undefined ? {} : { minVersion: protocol, maxVersion: protocol }),
    });
    // A connection that is held open at local_address slows every join: end at once.
    const end = (): void => {
      const sent = chainIn(secure.getPeerCertificate(true));
      secure.destroy();
      socket.destroy();
      resolve(sent);
    };
    secure.setTimeout(limit, end);
    secure.once("secureConnect", end);
    secure.once("error", end);
    secure.once("close", end);
  });
}

/** Node links each to its issuer, and a root to itself. */
function chainIn(first: tls.DetailedPeerCertificate | undefined): X509Certificate[] {
  const found: tls.DetailedPeerCertificate[] = [];
  for (let next = first; next?.raw && !found.includes(next); next = next.issuerCertificate) found.push(next);
  return found.map(({ raw }) => new X509Certificate(raw));
}
