import fc from "fast-check";
import type { Usage } from "../../../provider/certificates/extensions";
import { addressBytes, addressProblem, dnsProblem } from "../../../provider/certificates/extensions";
import { authority, bundleOf, day, leaf, now, read } from "./builders";
import { told, verdict } from "./openssl";

const root = authority();
/** openssl's own clock is today's; the certificates of these tests are of a set day. */
const at = (time: number): string[] => ["-attime", String(Math.floor(time / 1000))];

describe("a certificate", () => {
  it.each([
    ["server", "sslserver", "sslclient"],
    ["client", "sslclient", "sslserver"],
  ] as const)("for a %s passes strict verification as that, and as nothing else", (usage, fits, other) => {
    const pem = leaf(root, { usage });
    expect(verdict(pem, bundleOf(root), fits, ...at(now))).toBe("OK");
    expect(verdict(pem, bundleOf(root), other, ...at(now))).toMatch(/unsuitable certificate purpose/);
  });

  it("for both passes strict verification as either", () => {
    const pem = leaf(root);
    for (const purpose of ["sslserver", "sslclient"] as const)
      expect(verdict(pem, bundleOf(root), purpose, ...at(now))).toBe("OK");
  });

  it("holds what a strict verifier wants, and what must be heeded is marked so", () => {
    const text = told(leaf(root), "-ext", "basicConstraints,keyUsage,extendedKeyUsage,subjectAltName");
    expect(text.replace(/\s+/g, " ")).toBe(
      "X509v3 Basic Constraints: critical CA:FALSE X509v3 Key Usage: critical Digital Signature, Key Encipherment " +
        "X509v3 Extended Key Usage: TLS Web Server Authentication, TLS Web Client Authentication " +
        "X509v3 Subject Alternative Name: DNS:db1.example, IP Address:10.0.0.1",
    );
  });

  it("names its issuer's key as that names it itself", () => {
    const identifier = (pem: string, which: string): string =>
      told(pem, "-ext", which).split("\n").at(-1)!.trim();
    expect(identifier(leaf(root), "authorityKeyIdentifier")).toBe(
      identifier(root.certificate.pem, "subjectKeyIdentifier"),
    );
  });

  it("is valid since a quarter of an hour ago, where clocks differ, and for as many days as declared from now", () => {
    const { notBefore, notAfter } = read(leaf(root, { validityDays: 30 }));
    expect(notBefore.toISOString()).toBe("2026-06-15T11:45:00.000Z");
    expect(notAfter.toISOString()).toBe("2026-07-15T12:00:00.000Z");
  });

  it.each([
    ["before 2050", 23, "Jun  9 12:00:00 2049 GMT"],
    ["after 2050", 24, "Jun  9 12:00:00 2050 GMT"],
  ])("that ends %s ends when it says", (_, years, end) => {
    const long = authority({ validityDays: 365 * 40 });
    const pem = leaf(long, { validityDays: years * 365 });
    expect(told(pem, "-enddate")).toBe(`notAfter=${end}`);
    expect(verdict(pem, bundleOf(long), "sslserver", ...at(now))).toBe("OK");
  });

  it("has a serial number of its own, positive and with 128 bits that nobody can guess", () => {
    const serials = Array.from({ length: 20 }, () => read(leaf(root)).serialNumber);
    for (const serial of serials) expect(serial).toMatch(/^01[0-9a-f]{32}$/);
    expect(new Set(serials).size).toBe(20);
  });

  it("needs no alternative names", () => {
    const pem = leaf(root, { dnsNames: [], ipAddresses: [] });
    expect(verdict(pem, bundleOf(root), "sslserver", ...at(now))).toBe("OK");
  });

  it("is not good any more when it has ended", () => {
    const later = at(now + 366 * day);
    expect(verdict(leaf(root), bundleOf(root), "sslserver", ...later)).toMatch(/certificate has expired/);
  });
});

describe("generated names of a host", () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9_-]{0,10}[a-z0-9])?$/);
  const dns = fc
    .tuple(fc.boolean(), fc.array(label, { minLength: 1, maxLength: 4 }))
    .map(([wild, labels]) => (wild ? ["*", ...labels, "example"] : labels).join("."));
  const address = fc.oneof(fc.ipV4(), fc.ipV6());
  const usage = fc.constantFrom<Usage>("server", "client", "both");

  it("are in the certificate as openssl and Node read them, and it passes strict verification", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(dns, { maxLength: 4 }),
        fc.uniqueArray(address, { maxLength: 4 }),
        usage,
        (dnsNames, ipAddresses, which) => {
          fc.pre(dnsNames.every((name) => dnsProblem(name) === undefined));
          expect(ipAddresses.map(addressProblem)).toEqual(ipAddresses.map(() => undefined));
          const pem = leaf(root, { dnsNames, ipAddresses, usage: which });
          const { x509 } = read(pem);
          for (const name of dnsNames) expect(x509.subjectAltName).toContain(`DNS:${name}`);
          for (const ip of ipAddresses) expect(x509.checkIP(ip)).toBe(ip);
          const purpose = which === "client" ? "sslclient" : "sslserver";
          expect(verdict(pem, bundleOf(root), purpose, ...at(now))).toBe("OK");
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe("an address in a certificate", () => {
  it.each([
    ["127.0.0.1", "7f000001"],
    ["::", "0".repeat(32)],
    ["::1", `${"0".repeat(31)}1`],
    ["fe80::1:2", "fe800000000000000000000000010002"],
    ["2001:DB8::", "20010db8000000000000000000000000"],
    ["::ffff:10.1.2.3", "00000000000000000000ffff0a010203"],
    ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
  ])("%s is %s", (address, hex) => {
    expect(addressBytes(address)?.toString("hex")).toBe(hex);
  });

  it.each(["10.0.0", "10.0.0.256", "010.0.0.1", "db1", "fe80::1%eth0", "", "[::1]"])(
    "%j is none",
    (address) => {
      expect(addressProblem(address)).toBe(`${JSON.stringify(address)} is no IP address`);
    },
  );
});

describe("a DNS name", () => {
  it.each(["db1", "db1.example", "*.example", "a_b.example", "xn--bcher-kva.example"])(
    "may be %s",
    (name) => {
      expect(dnsProblem(name)).toBeUndefined();
    },
  );

  it.each([
    ["bücher.example", "must be ASCII; write an international name in its xn-- form"],
    ["10.0.0.1", "is an address: declare it among ipAddresses"],
    ["::1", "is an address: declare it among ipAddresses"],
    ["db1.*", '"db1.*" is no DNS name'],
    ["a..b", '"a..b" is no DNS name'],
    ["-a", '"-a" is no DNS name'],
    ["", '"" is no DNS name'],
    ["db1:3306", '"db1:3306" is no DNS name'],
  ])("may not be %j", (name, problem) => {
    expect(dnsProblem(name)).toBe(problem);
  });

  it("may not be longer than 253 characters", () => {
    const long = Array(5).fill("a".repeat(60)).join(".");
    expect(dnsProblem(long)).toBe(`${JSON.stringify(long)} is no DNS name`);
  });
});
