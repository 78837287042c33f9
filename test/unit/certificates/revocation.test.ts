import { spawnSync } from "node:child_process";
import { type Reason, reasons } from "../../../provider/certificates/reasons";
import type { Issuer } from "../../../provider/certificates/issuer";
import { validityFrom } from "../../../provider/certificates/renewal";
import { type Revoked, crlpathFiles, issueRevocationList } from "../../../provider/certificates/revocation";
import { authority, bundleOf, day, leaf, now, read } from "./builders";
import { fileOf, openssl, verdict } from "./openssl";

const root = authority();
const middle = authority({ subject: [{ type: "CN", value: "Müller/CA" }], validityDays: 1000 }, root);
const at = ["-attime", String(Math.floor(now / 1000))];

const revoked = (serialNumber: string, reason: Reason = "unspecified"): Revoked => ({
  serialNumber,
  reason,
  revokedAt: new Date("2026-06-01T00:00:00Z"),
});

const listOf = (entries: readonly Revoked[], issuer: Issuer = root, days = 30, number = 1): string =>
  issueRevocationList({ revoked: entries, number, validity: validityFrom(now, days) }, issuer, now);

const told = (crl: string, ...what: string[]): string =>
  openssl("crl", "-in", fileOf(crl), "-noout", ...what);

/** As a server with ssl_crl verifies its peers: every certificate of the chain is looked up. */
const checked = (pem: string, issuer: Issuer, ...lists: string[]): string =>
  verdict(pem, bundleOf(issuer), "sslclient", ...at, "-crl_check_all", "-CRLfile", fileOf(lists.join("")));

describe("a revocation list", () => {
  it.each([
    ["a root", root],
    ["an intermediate CA with another kind of name", middle],
  ])("of %s has a signature that openssl verifies", (_, issuer) => {
    const crl = listOf([revoked("01aa")], issuer);
    const { stderr } = spawnSync(
      "openssl",
      ["crl", "-verify", "-noout", "-in", fileOf(crl), "-CAfile", fileOf(issuer.certificate.pem)],
      { encoding: "utf8" },
    );
    expect(stderr).toBe("verify OK\n");
  });

  it("keeps out what it names, and nothing else", () => {
    const [good, bad] = [leaf(root), leaf(root)];
    const crl = listOf([revoked(read(bad).serialNumber, "keyCompromise")]);
    expect(checked(good, root, crl)).toBe("OK");
    expect(checked(bad, root, crl)).toMatch(/error 23 at 0 depth lookup: certificate revoked/);
  });

  it("that names nothing keeps nobody out", () => {
    const crl = listOf([]);
    expect(told(crl, "-text")).toContain("No Revoked Certificates");
    expect(checked(leaf(root), root, crl)).toBe("OK");
  });

  it("of each CA in a chain is needed, and does", () => {
    const pem = leaf(middle);
    const lists = [listOf([], root), listOf([], middle)];
    expect(checked(pem, middle, ...lists)).toBe("OK");
    expect(checked(pem, middle, lists[1]!)).toMatch(/unable to get certificate CRL/);
    const middleRevoked = listOf([revoked(middle.certificate.serialNumber)], root);
    expect(checked(pem, middle, middleRevoked, lists[1]!)).toMatch(/at 1 depth lookup: certificate revoked/);
  });

  it.each(Object.keys(reasons) as Reason[])("tells the reason %s", (reason) => {
    const text = told(listOf([revoked("01", reason)]), "-text");
    const code = /X509v3 CRL Reason Code: \n\s+(.*)/.exec(text)?.[1]?.replace(/ /g, "").toLowerCase();
    expect(code).toBe(reason === "unspecified" ? undefined : reason.toLowerCase());
  });

  it("tells its number, its time and the time of each revocation", () => {
    const text = told(listOf([revoked("01aa")], root, 30, 300), "-text").replace(/\s+/g, " ");
    expect(text).toContain("Version 2 (0x1)");
    expect(text).toContain("Last Update: Jun 15 11:45:00 2026 GMT Next Update: Jul 15 12:00:00 2026 GMT");
    expect(text).toContain("X509v3 CRL Number: 300");
    expect(text).toContain("Serial Number: 01AA Revocation Date: Jun 1 00:00:00 2026 GMT");
  });

  it("takes serial numbers of any CA, also such as begin with a high bit", () => {
    expect(told(listOf([revoked("ff00"), revoked("7f")]), "-text")).toMatch(/FF00[\s\S]*7F/);
  });

  it("may go on for longer than its CA", () => {
    const short = authority({ validityDays: 9 });
    expect(told(listOf([], short, 30), "-nextupdate")).toBe("nextUpdate=Jul 15 12:00:00 2026 GMT\n");
  });

  it("that has ended lets nobody in: openssl wants a newer one", () => {
    const late = ["-attime", String(Math.floor((now + 31 * day) / 1000))];
    const told = verdict(
      leaf(root),
      bundleOf(root),
      "any",
      ...late,
      "-crl_check_all",
      "-CRLfile",
      fileOf(listOf([])),
    );
    expect(told).toMatch(/CRL has expired/);
  });

  it("is named in ssl_crlpath as openssl names it", () => {
    const crl = listOf([], middle);
    expect(crlpathFiles(middle, crl)).toEqual({ [`${told(crl, "-hash").trim()}.r0`]: crl });
  });
});
