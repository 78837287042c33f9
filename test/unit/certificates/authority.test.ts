import { readFileSync } from "node:fs";
import { capathFiles, intermediates, trustChain } from "../../../provider/certificates/authority";
import { authority, authorityWish, bundleOf, day, leaf, now, read, rsaKey, someKey } from "./builders";
import { issueAuthority } from "../../../provider/certificates/authority";
import { readIssuer } from "../../../provider/certificates/issuer";
import { oneLine } from "../../../provider/certificates/names";
import { keyPem } from "../../../provider/certificates/pem";
import { fileOf, openssl, told, verdict } from "./openssl";

const at = ["-attime", String(Math.floor(now / 1000))];
const root = authority();
const middle = authority({ subject: [{ type: "CN", value: "Middle CA" }], validityDays: 1000 }, root);
const low = authority({ subject: [{ type: "CN", value: "Low CA" }], validityDays: 900 }, middle);

describe("a root", () => {
  it("passes strict verification as what it is", () => {
    expect(verdict(root.certificate.pem, root.certificate.pem, "any", ...at)).toBe("OK");
  });

  it("holds what a strict verifier wants, and what must be heeded is marked so", () => {
    const pem = authority({ pathLength: 1 }).certificate.pem;
    const text = told(pem, "-ext", "basicConstraints,keyUsage").replace(/\s+/g, " ");
    expect(text).toBe(
      "X509v3 Basic Constraints: critical CA:TRUE, pathlen:1 X509v3 Key Usage: critical Certificate Sign, CRL Sign",
    );
  });

  it("that is renewed with its key is trusted by those who have the old certificate, and the other way round", () => {
    const renewed = authority({}, undefined, now + 300 * day);
    const later = ["-attime", String(Math.floor(now / 1000) + 300 * 24 * 3600)];
    expect(renewed.certificate.serialNumber).not.toBe(root.certificate.serialNumber);
    expect(verdict(leaf(root), renewed.certificate.pem, "sslserver", ...later)).toBe("OK");
    expect(verdict(leaf(renewed, {}, now + 300 * day), root.certificate.pem, "sslserver", ...later)).toBe(
      "OK",
    );
  });

  it.each([2048, 3072, 4096])("may have a key of %s bits", (bits) => {
    const pem = issueAuthority(authorityWish(), undefined, rsaKey(bits), now);
    expect(verdict(pem, pem, "any", ...at)).toBe("OK");
    expect(told(pem, "-text")).toContain(`Public-Key: (${bits} bit)`);
  });

  it("may last beyond 2050", () => {
    const { pem } = authority({ validityDays: 365 * 40 }).certificate;
    expect(told(pem, "-enddate")).toBe("notAfter=Jun  5 12:00:00 2066 GMT");
    expect(verdict(pem, pem, "any", ...at)).toBe("OK");
  });
});

describe("an intermediate CA", () => {
  it("passes strict verification, and so does what it issues", () => {
    expect(verdict(low.certificate.pem, bundleOf(middle), "any", ...at)).toBe("OK");
    expect(verdict(leaf(low), bundleOf(low), "sslserver", ...at)).toBe("OK");
    expect(verdict(leaf(low), bundleOf(low), "sslclient", ...at)).toBe("OK");
  });

  it("is sent along by servers, the root is not", () => {
    expect(intermediates(low).map(({ pem }) => pem)).toEqual([low.certificate.pem, middle.certificate.pem]);
    expect(intermediates(root)).toEqual([]);
  });
});

describe("a trust bundle", () => {
  it("holds the CA itself and all above it, the root last, whatever order they are given in", () => {
    const chain = trustChain(low.certificate, [root.certificate, low.certificate, middle.certificate], "x");
    expect(chain.map(({ pem }) => pem)).toEqual(
      [low, middle, root].map(({ certificate }) => certificate.pem),
    );
  });

  it("without its root is refused", () => {
    expect(() => trustChain(low.certificate, [middle.certificate], "existing.trustBundle")).toThrow(
      "existing.trustBundle: must hold the CAs up to the root: /O=Example/CN=Example CA, which issued /CN=Middle CA, is missing",
    );
  });

  it("has hash-named files as openssl names them, numbered where names are the same", () => {
    const again = read(issueAuthority(authorityWish(), undefined, rsaKey(), now));
    const files = capathFiles([middle.certificate, root.certificate, again]);
    const hash = (pem: string): string => told(pem, "-subject_hash");
    expect(files).toEqual({
      [`${hash(middle.certificate.pem)}.0`]: middle.certificate.pem,
      [`${hash(root.certificate.pem)}.0`]: root.certificate.pem,
      [`${hash(root.certificate.pem)}.1`]: again.pem,
    });
  });
});

describe("a path length", () => {
  const short = authority({ pathLength: 0 });
  const one = authority({ pathLength: 1 });

  it("of 0 allows certificates and no CA", () => {
    expect(verdict(leaf(short), bundleOf(short), "sslserver", ...at)).toBe("OK");
    expect(() => authority({ validityDays: 9 }, short)).toThrow(
      "issuer: /O=Example/CN=Example CA has the path length 0: there may be no more than 0 CAs below it",
    );
  });

  it("is heeded through all CAs above", () => {
    const below = authority({ subject: [{ type: "CN", value: "B" }], validityDays: 9 }, one);
    expect(verdict(leaf(below, { validityDays: 5 }), bundleOf(below), "sslserver", ...at)).toBe("OK");
    expect(() => authority({ validityDays: 5 }, below)).toThrow(/has the path length 1/);
  });
});

describe("an issuer", () => {
  const material = { certificate: root.certificate.pem, privateKey: keyPem(someKey, "PKCS8") };

  it("that has expired is refused", () => {
    expect(() => leaf(authority({ validityDays: 9 }), { validityDays: 1 }, now + 10 * day)).toThrow(
      "issuer: /O=Example/CN=Example CA expired on 2026-06-24T12:00:00.000Z",
    );
  });

  it("that is not valid yet is refused", () => {
    expect(() => leaf(root, {}, now - day)).toThrow(
      "issuer: /O=Example/CN=Example CA is not valid before 2026-06-15T11:45:00.000Z",
    );
  });

  it("does not sign what would outlive it, and tells how long it could", () => {
    expect(() => leaf(authority({ validityDays: 90 }), { validityDays: 91 })).toThrow(
      "validityDays: would last until 2026-09-14T12:00:00.000Z, and /O=Example/CN=Example CA expires on 2026-09-13T12:00:00.000Z\n" +
        "Left: nothing was changed\nDo: at most 89 days, or renew that CA first",
    );
    expect(() => leaf(middle, { validityDays: 1001 })).toThrow(/Middle CA expires/);
  });

  it("signs what ends with it", () => {
    const same = authority({ validityDays: 90 });
    expect(verdict(leaf(same, { validityDays: 90 }), bundleOf(same), "sslserver", ...at)).toBe("OK");
  });

  it("is found among several certificates by its key", () => {
    const certificate = middle.certificate.pem + root.certificate.pem;
    expect(readIssuer({ ...material, certificate }, "issuer").certificate.pem).toBe(root.certificate.pem);
  });

  it("with a key that belongs to another certificate is refused", () => {
    const privateKey = keyPem(rsaKey(), "PKCS8");
    expect(() => readIssuer({ ...material, privateKey }, "issuer")).toThrow(
      "issuer.privateKey: is not the key of /O=Example/CN=Example CA",
    );
  });

  it("that is no CA is refused", () => {
    expect(() => readIssuer({ ...material, certificate: leaf(root) }, "issuer")).toThrow(
      "issuer.certificate: /CN=db1 is no CA: its basicConstraints do not say so",
    );
  });
});

describe("a CA that openssl has made", () => {
  /** As the manual of MySQL has it: "openssl req -new -x509". */
  function byOpenssl(...key: string[]): { certificate: string; privateKey: string } {
    const [certificate, privateKey] = [fileOf(""), fileOf("")];
    const subject = ["-subj", "/C=SE/O=Some/CN=Manual CA", "-days", "3600"];
    openssl(
      "req",
      "-new",
      "-x509",
      "-newkey",
      ...key,
      "-nodes",
      "-keyout",
      privateKey,
      "-out",
      certificate,
      ...subject,
    );
    return { certificate: readFileSync(certificate, "utf8"), privateKey: readFileSync(privateKey, "utf8") };
  }

  it("signs what passes verification", () => {
    const issuer = readIssuer(byOpenssl("rsa:2048"), "existing");
    const pem = leaf(issuer, {}, Date.now());
    expect(
      openssl("verify", "-purpose", "sslserver", "-CAfile", fileOf(bundleOf(issuer)), fileOf(pem)),
    ).toMatch(/: OK\n$/);
    expect(oneLine(read(pem).issuer)).toBe("/C=SE/O=Some/CN=Manual CA");
  });

  it("with a key of an elliptic curve is refused", () => {
    expect(() => readIssuer(byOpenssl("ec", "-pkeyopt", "ec_paramgen_curve:P-256"), "existing")).toThrow(
      "existing.privateKey: is no RSA key, but ec: only RSA is supported",
    );
  });
});
