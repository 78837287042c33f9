import { X509Certificate } from "node:crypto";
import {
  type Authority,
  type LeafOptions,
  makeAuthority,
  makeLeaf,
} from "../../../tools/sandbox/certificates";
import { certificateFacts, certificateProblem } from "../../../provider/tls/certificate";

const day = 24 * 3_600_000;
const now = Date.now();
let authority: Authority;

beforeAll(async () => {
  authority = await makeAuthority("Test CA");
});

async function leaf(options: Partial<LeafOptions> = {}): Promise<X509Certificate> {
  return new X509Certificate((await makeLeaf(authority, { commonName: "db1.example", ...options })).cert);
}

describe("certificateProblem", () => {
  it.each(["REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"])(
    "finds nothing wrong with a good certificate under %s",
    async (mode) => {
      const certificate = await leaf({ dns: ["db1.example"] });
      expect(certificateProblem(certificate, mode, "db1.example", now)).toBeUndefined();
    },
  );

  it.each(["REQUIRED", "VERIFY_IDENTITY"])("finds one that has expired, under %s", async (mode) => {
    const certificate = await leaf({
      dns: ["db1.example"],
      notBefore: new Date(now - 9 * day),
      notAfter: new Date(now - day),
    });
    expect(certificateProblem(certificate, mode, "db1.example", now)).toBe(
      `its certificate expired on ${certificate.validTo}`,
    );
  });

  it("finds one that is not valid yet", async () => {
    const certificate = await leaf({ notBefore: new Date(now + day) });
    expect(certificateProblem(certificate, "REQUIRED", "db1.example", now)).toBe(
      `its certificate is not valid before ${certificate.validFrom}`,
    );
  });

  it("goes by the time that it is given", async () => {
    const certificate = await leaf();
    expect(certificateProblem(certificate, "REQUIRED", "x", now + 400 * day)).toMatch(/expired/);
    expect(certificateProblem(certificate, "REQUIRED", "x", now - day)).toMatch(/not valid before/);
  });

  it.each([
    ["a name among its names", { dns: ["a.example", "db1.example"] }, "db1.example", true],
    ["a name in another case", { dns: ["DB1.example"] }, "db1.EXAMPLE", true],
    ["a name under its wildcard", { dns: ["*.db.example"] }, "db1.db.example", true],
    ["a name two levels under its wildcard", { dns: ["*.db.example"] }, "a.db1.db.example", false],
    ["a name that its wildcard would cover in part", { dns: ["db*.example"] }, "db1.example", false],
    ["its common name, where it has no other names", {}, "db1.example", true],
    ["its common name, where it has other names", { dns: ["other.example"] }, "db1.example", false],
    ["another name", { dns: ["other.example"] }, "db2.example", false],
    ["an address among its addresses", { ip: ["127.0.0.1", "10.0.0.1"] }, "10.0.0.1", true],
    ["another address", { ip: ["127.0.0.1"] }, "10.0.0.1", false],
    ["an address of version 6", { ip: ["::1"] }, "::1", true],
  ])("tells under VERIFY_IDENTITY whether it covers %s", async (_, options, host, covers) => {
    const problem = certificateProblem(await leaf(options), "VERIFY_IDENTITY", host, now);
    expect(problem === undefined).toBe(covers);
  });

  it("names the names that it has, where it does not cover the host", async () => {
    const certificate = await leaf({ dns: ["a.example"], ip: ["127.0.0.1"] });
    expect(certificateProblem(certificate, "VERIFY_IDENTITY", "db9", now)).toBe(
      "its certificate does not cover db9, by which its peers know it (it covers DNS:a.example, IP Address:127.0.0.1)",
    );
  });

  it("names the subject of a certificate without names", async () => {
    expect(certificateProblem(await leaf(), "VERIFY_IDENTITY", "db9", now)).toBe(
      "its certificate does not cover db9, by which its peers know it (it covers O=MySQL sandbox, CN=db1.example)",
    );
  });

  it("does not ask for the name under VERIFY_CA", async () => {
    expect(
      certificateProblem(await leaf({ dns: ["other.example"] }), "VERIFY_CA", "db1.example", now),
    ).toBeUndefined();
  });
});

describe("certificateFacts", () => {
  it("tells the fingerprint as openssl does, in lower case, and the end as ISO 8601", async () => {
    const notAfter = new Date("2031-02-03T04:05:06Z");
    const certificate = await leaf({ notAfter });
    expect(certificateFacts(certificate)).toEqual({
      sha256: certificate.fingerprint256.toLowerCase().split(":").join(""),
      subject: "O=MySQL sandbox, CN=db1.example",
      notAfter: "2031-02-03T04:05:06.000Z",
    });
  });
});
