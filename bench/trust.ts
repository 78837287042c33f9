import { generateKeyPairSync } from "node:crypto";
import { issueAuthority } from "../provider/certificates/authority";
import { readIssuer } from "../provider/certificates/issuer";
import { keyPem } from "../provider/certificates/pem";
import { validityFrom } from "../provider/certificates/renewal";
import { issueRevocationList } from "../provider/certificates/revocation";

const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;

/** A CA's certificate and its list, as a program declares them that tells what files hold. */
function trustOf(name: string): { ca: string; crl: string } {
  const now = Date.now();
  const subject = [{ type: "CN" as const, value: name }];
  const ca = issueAuthority({ subject, validityDays: 365, pathLength: undefined }, undefined, key, now);
  const issuer = readIssuer({ certificate: ca, privateKey: keyPem(key, "PKCS8") }, "issuer");
  return {
    ca,
    crl: issueRevocationList({ revoked: [], number: 1, validity: validityFrom(now, 30) }, issuer, now),
  };
}

export const trust = { old: trustOf("Old CA"), new: trustOf("New CA") };
