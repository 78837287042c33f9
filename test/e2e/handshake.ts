import { readFileSync } from "node:fs";
import { X509Certificate } from "node:crypto";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import type { Member, Sandbox } from "../../tools/sandbox";

export type Protocol = "TLSv1.2" | "TLSv1.3";

/** What a server shows who encrypts to it. */
export interface Shown {
  protocol: string;
  /** SHA-256 of its certificate. */
  fingerprint: string;
}

// Protocol 4.1, TLS, and the secure way to authenticate; charset utf8mb4_general_ci.
const SSL_REQUEST = Buffer.from("20000001" + "008a0800" + "00000001" + "2d" + "00".repeat(23), "hex");

/** Handshakes at the server's SQL port: what clients get, as of the last ALTER INSTANCE RELOAD TLS. */
export async function atSqlPort(
  member: Member,
  sandbox: Sandbox,
  protocol?: Protocol,
): Promise<Shown | undefined> {
  const socket = connectTcp(member.port, member.host);
  await new Promise<void>((greeted, failed) => {
    socket.once("data", () => greeted());
    socket.once("error", failed);
  });
  socket.write(SSL_REQUEST);
  return shake(socket, sandbox, protocol);
}

/** Handshakes at group_replication_local_address: what members get, as of the last START GROUP_REPLICATION. XCOM only. */
export async function atLocalAddress(
  member: Member,
  sandbox: Sandbox,
  protocol?: Protocol,
): Promise<Shown | undefined> {
  const [host, port] = member.localAddress.split(":") as [string, string];
  return shake(connectTcp(Number(port), host), sandbox, protocol);
}

export function fingerprintOf(file: string): string {
  return new X509Certificate(readFileSync(file)).fingerprint256;
}

/** undefined where the server refuses, e.g. because it does not speak `protocol`. */
function shake(socket: Socket, { tls }: Sandbox, protocol?: Protocol): Promise<Shown | undefined> {
  const options: ConnectionOptions = {
    socket,
    rejectUnauthorized: false,
    // A group that verifies wants to see one as well.
    cert: readFileSync(tls.clientCert),
    key: readFileSync(tls.clientKey),
    ...(protocol === undefined ? {} : { minVersion: protocol, maxVersion: protocol }),
  };
  return new Promise((resolve) => {
    const secure = connectTls(options);
    const end = (shown?: Shown) => {
      secure.destroy();
      socket.destroy();
      resolve(shown);
    };
    secure.setTimeout(5_000, () => end());
    secure.once("error", () => end());
    secure.once("secureConnect", () =>
      end({
        protocol: secure.getProtocol() ?? "none",
        fingerprint: secure.getPeerCertificate().fingerprint256,
      }),
    );
  });
}
