import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { CertificateFact } from "../mysql/facts";

export function certificateFacts(certificate: X509Certificate): CertificateFact {
  return {
    sha256: certificate.fingerprint256.replace(/:/g, "").toLowerCase(),
    subject: certificate.subject.split("\n").join(", "),
    notAfter: new Date(certificate.validTo).toISOString(),
  };
}

/** Why a member that shows this certificate would be refused, or undefined. `now` in milliseconds. */
export function certificateProblem(
  certificate: X509Certificate,
  mode: string,
  host: string,
  now: number,
): string | undefined {
  if (Date.parse(certificate.validTo) < now) return `its certificate expired on ${certificate.validTo}`;
  if (Date.parse(certificate.validFrom) > now)
    return `its certificate is not valid before ${certificate.validFrom}`;
  return mode === "VERIFY_IDENTITY" ? nameProblem(certificate, host) : undefined;
}

/** Why VERIFY_IDENTITY would refuse it, or undefined. An address, too, may be covered as a name, by CN alone. */
export function nameProblem(certificate: X509Certificate, host: string): string | undefined {
  const byAddress = isIP(host) === 0 ? undefined : certificate.checkIP(host);
  if ((certificate.checkHost(host) ?? byAddress) !== undefined) return undefined;
  const names = certificate.subjectAltName ?? certificate.subject.split("\n").join(", ");
  return `its certificate does not cover ${host}, by which its peers know it (it covers ${names})`;
}
