import { keyPem } from "../../../provider/certificates/pem";
import { validityFrom } from "../../../provider/certificates/renewal";
import { issueRevocationList } from "../../../provider/certificates/revocation";
import type { Inputs } from "../../../provider/runtime/validation";
import { authority, leaf, rsaKey, someKey } from "../../unit/certificates/builders";
import { issueCertificate } from "../../../provider/certificates/certificate";
import { leafWish } from "../../unit/certificates/builders";

const today = Date.now();
const issuer = authority({}, undefined, today);
const otherKey = rsaKey();

export const ca = issuer.certificate.pem;
export const crl = issueRevocationList(
  { revoked: [], number: 1, validity: validityFrom(today, 30) },
  issuer,
  today,
);

/** What a server with TLS needs. */
export const first: Inputs & { ca: string; cert: string; key: string } = {
  ca,
  cert: leaf(issuer, {}, today),
  key: keyPem(someKey, "PKCS8"),
};

/** The same after a rotation of certificate and key. */
export const second: typeof first = {
  ca,
  cert: issueCertificate(leafWish(), issuer, otherKey, today),
  key: keyPem(otherKey, "PKCS8"),
};
