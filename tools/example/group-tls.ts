import { readFileSync } from "node:fs";
import { connect as tlsConnect } from "node:tls";
import type { Member, Sandbox } from "../sandbox";

/** What a member shows to others at its local address. */
export interface GroupTls {
  protocol: string;
  subject: string;
  /** Of its certificate, hexadecimal. */
  sha256: string;
  /** Last day of validity, ISO 8601. */
  validUntil: string;
}

const LIMIT_MS = 3_000;

/** A handshake with the member's group communication, ended at once: one that stays open slows every join. */
export function groupTls(sandbox: Sandbox, member: Member): Promise<GroupTls | undefined> {
  const [host, port] = splitAddress(member.localAddress);
  return new Promise((resolve) => {
    const socket = tlsConnect({
      host,
      port,
      // It may ask who calls; who it is, is checked by the members, not here.
      cert: readFileSync(sandbox.tls.clientCert),
      key: readFileSync(sandbox.tls.clientKey),
      rejectUnauthorized: false,
    });
    const end = (found?: GroupTls) => {
      socket.destroy();
      resolve(found);
    };
    socket.setTimeout(LIMIT_MS, () => end());
    socket.once("error", () => end());
    socket.once("secureConnect", () => {
      const certificate = socket.getPeerX509Certificate();
      if (!certificate) return end();
      end({
        protocol: socket.getProtocol() ?? "",
        subject: certificate.subject.replaceAll("\n", ", "),
        sha256: certificate.fingerprint256.replaceAll(":", "").toLowerCase(),
        validUntil: new Date(certificate.validTo).toISOString().slice(0, 10),
      });
    });
  });
}

function splitAddress(address: string): [string, number] {
  const colon = address.lastIndexOf(":");
  return [address.slice(0, colon), Number(address.slice(colon + 1))];
}
