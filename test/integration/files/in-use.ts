import { chmodSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { create, diff, read, remove, update } from "../../../provider/runtime/certificate-files";
import type { Inputs } from "../../../provider/runtime/validation";
import { type Member, type Sandbox, down, query, start, stop, up } from "../../../tools/sandbox";
import { saidBy } from "../../unit/runtime/certificate-inputs";
import { login } from "../helpers";
import { first, second } from "./material";

/** A server names files in its channels, in its variables, and in what it has persisted. */
export function describeFilesInUse(version: "5.7.22" | "8.0.15" | "9.7.4"): void {
  let sandbox: Sandbox;
  let member: Member;
  let folder: string;
  let count = 0;
  const newest = version === "9.7.4";

  beforeAll(async () => {
    sandbox = await up({ ...(newest ? {} : { version }), members: 1, temporary: true });
    [member] = sandbox.members as [Member];
  });
  afterAll(() => sandbox && down(sandbox));
  beforeEach(() => {
    folder = join(sandbox.folder, `files-${++count}`);
    mkdirSync(folder);
    chmodSync(folder, 0o755);
  });

  // Its administrator logs in without TLS: Node no longer speaks what yaSSL does.
  const servers = (): Inputs[] => [
    { ...login(member), ...(version === "5.7.22" ? { tls: { mode: "DISABLED" } } : {}) },
  ];
  const declared = (given: Inputs): Inputs => ({ folder, ...given, servers: servers() });
  const address = (): string => `${member.host}:${member.port}`;
  const nameOf = (path: unknown): string => String(path).split("/").at(-1)!;

  /** What a refresh and then a preview say, and the state after it. */
  async function preview(state: Inputs, news: Inputs): Promise<{ lines: string[]; props: Inputs }> {
    const { props } = await read("id", state);
    const lines = saidBy(() => diff("id", props, news));
    return { lines: lines.slice(1).map((line) => line.trim()), props };
  }

  /** The file is used from now on, or no more. */
  type Use = (path: string | undefined) => Promise<void>;
  const channel: Use = async (path) => {
    if (path === undefined)
      await query(
        member,
        "RESET SLAVE ALL FOR CHANNEL 'used'".replace("SLAVE", newest ? "REPLICA" : "SLAVE"),
      );
    else
      await query(
        member,
        newest
          ? `CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_SSL=1, SOURCE_SSL_CERT='${path}' FOR CHANNEL 'used'`
          : `CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_SSL=1, MASTER_SSL_CERT='${path}' FOR CHANNEL 'used'`,
      );
  };
  const variable: Use = (path) =>
    query(member, `SET GLOBAL ssl_cert = ${path === undefined ? "DEFAULT" : `'${path}'`}`).then(
      () => undefined,
    );
  const persisted: Use = (path) =>
    query(
      member,
      path === undefined ? "RESET PERSIST ssl_cert" : `SET PERSIST_ONLY ssl_cert = '${path}'`,
    ).then(() => undefined);
  const uses: [string, Use][] = [
    ["a channel", channel],
    ...(newest
      ? ([
          ["a variable", variable],
          ["a persisted variable", persisted],
        ] as [string, Use][])
      : []),
  ];

  it.each(uses)(
    "an old certificate stays while %s names it, however often files change, then goes",
    async (_, use) => {
      const { outs: one } = await create(declared(first));
      await use(String(one["sslCert"]));
      const { outs: two } = await update("id", one, declared(second));
      expect(two["oldVersions"]).toEqual([one["sslCert"]]);
      expect(existsSync(String(one["sslKey"]))).toBe(false);
      const { outs: three } = await update(
        "id",
        two,
        declared({ ...second, ca: String(first.ca).repeat(2) }),
      );
      expect(existsSync(String(one["sslCert"]))).toBe(true);
      const still = await preview(three, declared({ ...second, ca: String(first.ca).repeat(2) }));
      expect(still.lines).toEqual([]);

      await use(undefined);
      const { lines, props } = await preview(three, declared({ ...second, ca: String(first.ca).repeat(2) }));
      expect(lines).toEqual([`remove ${nameOf(one["sslCert"])} (an old version)`]);
      const { outs: four } = await update(
        "id",
        props,
        declared({ ...second, ca: String(first.ca).repeat(2) }),
      );
      expect(four["oldVersions"]).toEqual([]);
      expect(readdirSync(folder)).toHaveLength(3);
    },
  );

  it("files are not deleted while a server names one of them", async () => {
    const { outs } = await create(declared(first));
    await channel(String(outs["sslCert"]));
    await expect(remove("id", outs)).rejects.toMatchObject({
      message:
        `[GR005] this machine keeps its files: ${address()} still names ${nameOf(outs["sslCert"])}\n` +
        "Left: nothing was changed\n" +
        "Do: give that server other files first, or take the resource out with retainOnDelete",
    });
    expect(readdirSync(folder)).toHaveLength(3);
    await channel(undefined);
    await remove("id", outs);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("nothing old is removed, and nothing is deleted, while a server cannot be asked", async () => {
    const { outs: one } = await create(declared(first));
    await stop(member);
    try {
      const { outs: two } = await update("id", one, declared(second));
      expect(two["oldVersions"]).toEqual([one["sslCert"], one["sslKey"]]);
      await expect(remove("id", two)).rejects.toThrow("[GR002]");
      expect(readdirSync(folder)).toHaveLength(5);
    } finally {
      await start(member);
    }
  });

  if (newest)
    it("nothing is deleted where the account may not see what a server names", async () => {
      await query(member, "CREATE USER blind@'%' IDENTIFIED BY 'blind-password'");
      const { outs } = await create(declared(first));
      const blind = { ...outs, servers: [{ ...login(member), user: "blind", password: "blind-password" }] };
      await expect(remove("id", blind)).rejects.toThrow(
        `[GR005] ${address()} does not tell which files it names`,
      );
      expect(readdirSync(folder)).toHaveLength(3);
    });

  if (newest)
    it("a server reads the files, and new ones by a reload", async () => {
      const uid = String(process.getuid?.());
      const { outs: one } = await create(declared({ ...first, owner: uid }));
      const load = async (outs: Inputs): Promise<unknown> => {
        for (const name of ["sslCa", "sslCert", "sslKey"])
          await query(
            member,
            `SET GLOBAL ${name.replace("sslC", "ssl_c").replace("sslK", "ssl_k")} = '${String(outs[name])}'`,
          );
        await query(member, "ALTER INSTANCE RELOAD TLS");
        const [row] = await query(
          member,
          "SELECT VARIABLE_VALUE value FROM performance_schema.global_status WHERE VARIABLE_NAME = 'Current_tls_cert'",
        );
        return row!["value"];
      };
      expect(await load(one)).toBe(one["sslCert"]);
      const { outs: two } = await update("id", one, declared(second));
      expect(await load(two)).toBe(two["sslCert"]);
    });
}
