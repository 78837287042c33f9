import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { optionValue } from "../../provider/mysql/option-file";
import { renderOptionFile } from "../../provider/plan/option-file";
import { findServer } from "../../tools/sandbox";

/** A real server reads the file back. */
describe("an option file", () => {
  let folder: string;
  let command: string[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "mysqlgr-options-"));
    ({ command } = await findServer());
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function readBack(text: string, ...more: string[]): string[] {
    const file = join(folder, "my.cnf");
    writeFileSync(file, text, { mode: 0o600 });
    const [program, ...args] = command;
    const out = execFileSync(program!, [...args, `--defaults-file=${file}`, ...more], { encoding: "utf8" });
    return out.split("\n");
  }

  it.each([
    "plain",
    "with space",
    " at the begin",
    "a#b",
    "it's",
    'say "so"',
    "back\\slash",
    "C:\\new\\table",
    "tab\there",
    "ünï😀",
  ])("gives %j back as it was", (value) => {
    const told = readBack(`[mysqld]\ninit_connect=${optionValue(value)}\n`, "--print-defaults").join("\n");
    expect(told).toContain(`--init_connect=${value}`);
  });

  const validate = ["--validate-config", "--secure-file-priv=", "--user=root"];

  it("of a whole declaration is valid to the server", () => {
    const text = renderOptionFile(
      {
        groupName: "8a94f357-aab4-11e8-9d3f-0242ac120002",
        localAddress: "127.0.0.1:33061",
        groupSeeds: ["127.0.0.1:33061"],
        sslMode: "VERIFY_CA",
        tlsVersion: ["TLSv1.2", "TLSv1.3"],
        requireSecureTransport: true,
        startOnBoot: true,
        recoveryUseSsl: true,
        recoveryTlsVersion: ["TLSv1.3"],
      },
      "9.7.4",
    );
    expect(() => readBack(text, ...validate)).not.toThrow();
    const wrong = text
      .replace("tls_version=TLSv1.2", "tls_version_x=TLSv1.2")
      .replace("require_secure", "no_such");
    expect(() => readBack(wrong, ...validate)).toThrow();
  });
});
