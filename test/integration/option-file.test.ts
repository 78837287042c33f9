import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canonical, variable } from "../../provider/mysql/catalogue";
import { optionValue } from "../../provider/mysql/option-file";
import { renderOptionFile } from "../../provider/plan/option-file";
import { channelProperties, memberProperties, wishOf } from "../../provider/plan/wish";
import { replicationChannel } from "../../provider/runtime";
import { type Member, findServer, query } from "../../tools/sandbox";
import {
  create,
  login,
  refreshed,
  restartWith,
  until,
  update,
  useRuntime,
  useSandbox,
  value,
  versionsAtHand,
  withOptions,
} from "./helpers";

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

/** Started with the file, a real server has what is declared. */
describe("a server that is started with the option file", () => {
  const group = {
    groupName: "8a94f357-aab4-11e8-9d3f-0242ac120002",
    localAddress: "127.0.0.1:33061",
    groupSeeds: ["127.0.0.1:33061", "127.0.0.1:33062"],
    sslMode: "VERIFY_CA",
    requireSecureTransport: false,
    ipAllowlist: ["127.0.0.1/8"],
    startOnBoot: false,
    memberWeight: 70,
    variables: { group_replication_poll_spin_loops: 1000 },
    user: "recovery",
    recoveryUseSsl: true,
    recoveryRetryCount: 3,
  };

  async function startedWith(member: Member, file: string): Promise<void> {
    await restartWith(member, (text) => `${text.trimEnd()}\n\n${file}`);
  }

  describe("9.7.4", () => {
    const servers = useSandbox({ members: 1 });

    it("has every variable of a member and of its recovery channel", async () => {
      const member = servers.db(1);
      const declared = {
        ...group,
        sslCa: member.tls.ca,
        sslCert: member.tls.cert,
        sslKey: member.tls.key,
        tlsVersion: ["TLSv1.3"],
        tlsCiphersuites: ["TLS_AES_256_GCM_SHA384"],
        communicationStack: "XCOM",
        recoverySslCa: member.tls.ca,
        recoveryTlsVersion: ["TLSv1.3"],
      };
      await startedWith(member, renderOptionFile(declared, "9.7.4"));
      const wish = wishOf(declared, [...memberProperties, ...channelProperties]);
      const live: Record<string, string> = {};
      for (const name of Object.keys(wish))
        live[name] = canonical(variable(name), await value(member, `@@GLOBAL.${name}`));
      expect(live).toEqual(wish);
    });
  });

  describe.each(versionsAtHand(["5.7.22"]))("%s", (version) => {
    const servers = useSandbox({ members: 1, version });

    it("has the server's own variables, and starts although it lacks the plugin", async () => {
      const member = servers.db(1);
      const declared = {
        ...group,
        sslCa: member.tls.ca,
        tlsVersion: ["TLSv1.1"],
      };
      const before = "SELECT @@master_info_repository AS channels, @@relay_log_info_repository AS places";
      await restartWith(
        member,
        withOptions({ "master-info-repository": "FILE", "relay-log-info-repository": "FILE" }),
      );
      expect(await query(member, before)).toEqual([{ channels: "FILE", places: "FILE" }]);
      await startedWith(member, renderOptionFile(declared, version));
      expect(await query(member, before)).toEqual([{ channels: "TABLE", places: "TABLE" }]);
      expect(await value(member, "@@ssl_ca")).toBe(member.tls.ca);
      expect(await value(member, "@@tls_version")).toBe("TLSv1.1");
      const log = readFileSync(member.errorLog, "utf8");
      expect(log).toContain("loose-group_replication_ip_whitelist=127.0.0.1/8");
    });
  });
});

/** A channel outlives a restart of its replica by the output alone. */
describe.each(versionsAtHand(["5.7.22", "8.0.15", "9.7.4"]))(
  "the optionFile of a channel on %s",
  (version) => {
    useRuntime();
    const servers = useSandbox(version === "9.7.4" ? { members: 2 } : { members: 2, version });
    const password = "Replica-secret-1";
    const plugin = version === "5.7.22" ? "mysql_native_password" : "caching_sha2_password";
    const connection = (member: Member): Record<string, unknown> => ({
      ...login(member),
      ...(version === "5.7.22" ? { tls: { mode: "DISABLED" } } : {}),
    });

    it("lets the replica know the channel again, and start it only where that is declared", async () => {
      const [source, replica] = [servers.db(1), servers.db(2)];
      if (version === "9.7.4") {
        const { ca, cert, key } = source.tls;
        await query(source, "SET GLOBAL ssl_ca = ?, GLOBAL ssl_cert = ?, GLOBAL ssl_key = ?", [
          ca,
          cert,
          key,
        ]);
        await query(source, "ALTER INSTANCE RELOAD TLS");
      }
      await query(source, `CREATE USER replica@'%' IDENTIFIED WITH ${plugin} BY '${password}'`);
      await query(source, "GRANT REPLICATION SLAVE ON *.* TO replica@'%'");
      let channel = await create(replicationChannel, {
        connection: connection(replica),
        source: connection(source),
        channelName: "c",
        host: source.host,
        port: source.port,
        user: "replica",
        password,
        sslMode: "VERIFY_CA",
        sslCa: servers.it.tls.ca,
      });
      expect(channel.outs["optionFile"]).not.toContain(password);

      // What the sandbox has set for the tests' sake.
      const bare = withOptions({
        "master-info-repository": undefined,
        "relay-log-info-repository": undefined,
      });
      await restartWith(
        replica,
        (text) => `${bare(text).trimEnd()}\n\n${String(channel.outs["optionFile"])}`,
      );
      await until("both threads run", 20, async () => (await threads(replica)).join() === "ON,ON");

      channel = await update(channel, { running: false });
      await restartWith(replica, (text) => `${text.trimEnd()}\n\n${String(channel.outs["optionFile"])}`);
      expect(await threads(replica)).toEqual(["OFF", "OFF"]);
      channel = await update(channel, { running: undefined });
      expect(await threads(replica)).toEqual(["ON", "ON"]);

      const before = channel.outs["optionFile"];
      expect((await refreshed(channel)).outs["optionFile"]).toBe(before);
      const { optionFile: _, ...older } = channel.outs;
      expect(await replicationChannel.diff(channel.id, older, channel.inputs)).toEqual({ changes: false });
      expect((await refreshed({ ...channel, outs: older })).outs["optionFile"]).toBe(before);
    });

    async function threads(member: Member): Promise<unknown[]> {
      const rows = await query(
        member,
        `SELECT SERVICE_STATE AS state FROM performance_schema.replication_connection_status WHERE CHANNEL_NAME = 'c'
       UNION ALL SELECT SERVICE_STATE FROM performance_schema.replication_applier_status WHERE CHANNEL_NAME = 'c'`,
      );
      return rows.map(({ state }) => state);
    }
  },
);
