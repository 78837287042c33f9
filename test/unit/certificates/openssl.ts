import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "mysqlgr-openssl-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

/** A temporary file with this text. */
export function fileOf(text: string): string {
  const path = join(folder, `${++count}.pem`);
  writeFileSync(path, text);
  return path;
}

export function openssl(...args: string[]): string {
  return execFileSync("openssl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** What a strict verifier says of a certificate: "OK", or its complaint. */
export function verdict(
  certificate: string,
  trusted: string,
  purpose: "sslserver" | "sslclient" | "any" = "any",
  ...more: string[]
): string {
  const { status, stderr } = spawnSync(
    "openssl",
    [
      "verify",
      "-x509_strict",
      "-check_ss_sig",
      ...(purpose === "any" ? [] : ["-purpose", purpose]),
      ...more,
      "-CAfile",
      fileOf(trusted),
      fileOf(certificate),
    ],
    { encoding: "utf8" },
  );
  return status === 0 ? "OK" : stderr;
}

/** Something that `openssl x509` tells of a certificate, e.g. "-serial". */
export function told(certificate: string, ...what: string[]): string {
  return openssl("x509", "-in", fileOf(certificate), "-noout", ...what).replace(/\n$/, "");
}
