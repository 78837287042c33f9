import { connect, down, kill, query, start, up, type Sandbox } from "../../tools/sandbox";
import { atLocalAddress, fingerprintOf } from "./handshake";
import { declarationOf, Deployment, RECOVERY_PASSWORD } from "./harness";
import {
  accountOn,
  channelOn,
  expectAllOnline,
  memberOf,
  persistedOn,
  primariesOf,
  statementsOf,
  stopsOf,
  until,
  variable,
  viewOf,
  writesOf,
} from "./servers";

let sandbox: Sandbox;
let deployment: Deployment;

beforeAll(async () => {
  sandbox = await up({ temporary: true });
});

afterAll(async () => {
  deployment?.dispose();
  if (sandbox) await down(sandbox);
});

describe("three plain servers", () => {
  beforeAll(async () => {
    // The group notices at once that a member was killed, which else takes it seconds.
    deployment = await Deployment.of(sandbox, declarationOf(sandbox, { member: { memberExpelTimeout: 0 } }));
  });

  afterAll(() => deployment.dispose());

  it("become one group by a single up", async () => {
    const before = await statementsOf(sandbox);
    const { changes } = await deployment.up();

    expect(changes).toEqual({ create: 8 });
    await expectAllOnline(sandbox);
    expect(await primariesOf(sandbox)).toEqual(["db1"]);
    // What the next test takes for silence is seen where it is none.
    const writes = await writesOf(sandbox, before);
    for (const { name } of sandbox.members)
      expect(writes[name]).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^CREATE (SYSTEM_)?USER/),
          expect.stringMatching(/^CHANGE REPLICATION SOURCE TO/),
          "SET PERSIST group_replication_group_name = ?",
          "ALTER INSTANCE RELOAD TLS",
          "START GROUP_REPLICATION",
        ]),
      );
  });

  it("encrypt the group's messages with each member's own certificate", async () => {
    for (const member of sandbox.members) {
      const shown = await atLocalAddress(member, sandbox);
      expect(shown).toEqual({ protocol: "TLSv1.3", fingerprint: fingerprintOf(member.tls.cert) });
      expect((await variable(member, "group_replication_ssl_mode")).live).toBe("REQUIRED");
    }
  });

  it("never keep the bootstrap flag, and will join by themselves when they boot", async () => {
    for (const member of sandbox.members) {
      expect(await variable(member, "group_replication_bootstrap_group")).toEqual({ live: "0" });
      expect(await variable(member, "group_replication_start_on_boot")).toEqual({
        live: "1",
        persisted: "ON",
      });
    }
  });

  it("are left alone by the same up again: no write statement reaches any of them", async () => {
    const before = await statementsOf(sandbox);
    const { changes } = await deployment.up();
    expect(changes).toEqual({ same: 8 });
    expect(await writesOf(sandbox, before)).toEqual({});
  });

  it("are left alone by a refresh and by a preview, too", async () => {
    const before = await statementsOf(sandbox);
    expect((await deployment.refresh()).changes).toEqual({ same: 8 });
    expect((await deployment.preview({ refresh: true })).changes).toEqual({ same: 8 });
    expect(await writesOf(sandbox, before)).toEqual({});
  });

  it("take a member back by itself after it was killed and started", async () => {
    const member = memberOf(sandbox, "db3");
    await kill(member);
    await start(member);
    // The others call it ONLINE until they notice that it was gone.
    await until("db3 is ONLINE again", 60, async () => {
      const view = await viewOf(member);
      return view.length === 3 && view.every(({ state }) => state === "ONLINE");
    });
    await expectAllOnline(sandbox);
  });

  it("are as they came after destroy: the primary last, all reset and read only", async () => {
    const started = Date.now();
    const { changes } = await deployment.destroy();
    expect(changes).toEqual({ delete: 8 });
    const stops = await stopsOf(sandbox, started);
    expect([...stops].sort()).toEqual(["db1", "db2", "db3"]);
    expect(stops.at(-1)).toBe("db1");
    for (const member of sandbox.members) {
      expect(await viewOf(member)).toEqual([expect.objectContaining({ state: "OFFLINE" })]);
      expect(await persistedOn(member)).toEqual([]);
      expect(await variable(member, "super_read_only")).toEqual({ live: "1" });
      expect((await channelOn(member))?.user ?? "").toBe("");
      expect(await accountOn(member)).toBeUndefined();
    }
  });
});

describe("servers that had been a group, with an account that somebody made by hand on one of them", () => {
  beforeAll(async () => {
    const server = await connect(memberOf(sandbox, "db2"));
    await server.query("SET GLOBAL super_read_only = OFF");
    await server.query("SET SESSION sql_log_bin = 0");
    await server.query("CREATE USER recovery@'%' IDENTIFIED BY ? REQUIRE SSL", [RECOVERY_PASSWORD]);
    await server.query("SET GLOBAL super_read_only = ON");
    await server.end();
    deployment = await Deployment.of(sandbox);
  });

  it("become a group again, and the account is adopted", async () => {
    await deployment.up();
    await expectAllOnline(sandbox);
    const [account] = deployment.resources().filter(({ type }) => type.endsWith(":ReplicationUser"));
    const uuids = await Promise.all(
      sandbox.members.map(async (member) => (await query(member, "SELECT @@server_uuid uuid"))[0]?.uuid),
    );
    expect(account?.outputs["createdOn"]).toEqual([uuids[0], uuids[2]].sort());
    expect((await accountOn(memberOf(sandbox, "db2")))?.grants).toContain("BACKUP_ADMIN");
  });

  it("lose it on destroy only where it was new, also with --parallel 1", async () => {
    expect((await deployment.destroy({ parallel: 1 })).changes).toEqual({ delete: 8 });
    for (const member of sandbox.members)
      expect(await viewOf(member)).toEqual([expect.objectContaining({ state: "OFFLINE" })]);
    const left = await Promise.all(
      sandbox.members.map(async (member) => (await accountOn(member)) !== undefined),
    );
    expect(left).toEqual([false, true, false]);
  });
});
