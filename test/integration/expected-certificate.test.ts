import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { groupMember, recoveryChannel } from "../../provider/runtime";
import { expectedIn } from "../../provider/runtime/expected-certificate";
import { type Member, authorityOf, makeLeaf, writePem } from "../../tools/sandbox";
import { whileWriting } from "../e2e/writing";
import {
  type Deployed,
  type Inputs,
  addressOf,
  adoptMembers,
  channelInputs,
  create,
  expectHealthy,
  failure,
  memberInputs,
  notJoined,
  planned,
  primaryOf,
  refreshed,
  run,
  said,
  snapshot,
  stateOf,
  undone,
  until,
  update,
  updateAll,
  useRuntime,
  useSandbox,
  withServer,
} from "./helpers";

useRuntime();

interface Leaf {
  cert: string;
  key: string;
}

const sha256Of = (pem: string): string =>
  new X509Certificate(pem).fingerprint256.replace(/:/g, "").toLowerCase();
const shortOf = (pem: string): string => `${sha256Of(pem).slice(0, 16)}…`;
const fileOf = ({ tls }: Member): Leaf => ({
  cert: readFileSync(tls.cert, "utf8"),
  key: readFileSync(tls.key, "utf8"),
});

/** As somebody does with cp: the names stay. */
function replace({ tls }: Member, { cert, key }: Leaf): void {
  writePem(tls.cert, cert);
  writePem(tls.key, key);
}

const reload = "ALTER INSTANCE RELOAD TLS";
const statements = [`    ${reload}`, "    STOP GROUP_REPLICATION", "    START GROUP_REPLICATION"];
const restart = ["STOP GROUP_REPLICATION", "START GROUP_REPLICATION"];

/** What both ports showed when the deployment looked last. */
const shownBy = ({ outs }: Deployed): unknown =>
  ["loadedCertificate", "groupCertificate"].map((name) => (outs[name] as Inputs | undefined)?.["sha256"]);

describe("on the XCOM stack", () => {
  const group = useSandbox({ group: true });
  const all = (): Member[] => group.it.members.slice(0, 3);
  let members: Deployed[];

  const leafFor = ({ name, host }: Member): Promise<Leaf> =>
    makeLeaf(authorityOf(group.it), { commonName: name, dns: ["localhost", name], ip: [host] });

  /** As each member has it loaded, and nobody expects it. */
  async function adopt(): Promise<void> {
    members = await adoptMembers(group.it);
  }

  /** Declares what is in the files, and has it in memory everywhere. */
  async function settle(): Promise<void> {
    await adopt();
    const { failures, after } = await updateAll(members, (i) => ({
      expectedCertificate: fileOf(all()[i]!).cert,
    }));
    expect(failures).toEqual([undefined, undefined, undefined]);
    members = after;
    await expectHealthy(all());
  }

  const secondary = async (): Promise<number> => (all().indexOf(await primaryOf(all())) + 1) % 3;

  async function isOnline(member: Member): Promise<void> {
    await until(`${member.name} is ONLINE`, 60, async () => (await stateOf(member)) === "ONLINE");
  }

  async function startsDuring<T>(work: () => Promise<T>): Promise<{ result: T; starts: number[] }> {
    const before = await Promise.all(all().map(snapshot));
    const result = await work();
    const after = await Promise.all(all().map(snapshot));
    return { result, starts: after.map((s, i) => s.starts.length - before[i]!.starts.length) };
  }

  it("a file that is replaced under its name is not seen where no certificate is declared", async () => {
    await adopt();
    const old = fileOf(all()[1]!);
    replace(all()[1]!, await leafFor(all()[1]!));
    try {
      const { id, inputs, outs } = await refreshed(members[1]!);
      expect(await groupMember.diff(id, outs, inputs)).toEqual({ changes: false });
      expect(outs["loadedCertificate"]).toMatchObject({ sha256: sha256Of(old.cert) });
      expect(Object.keys(outs)).not.toContain("groupCertificate");
    } finally {
      replace(all()[1]!, old);
    }
  });

  it("a declared certificate that is in memory needs no statement, as PEM text or as its SHA-256", async () => {
    await adopt();
    const before = await Promise.all(all().map(snapshot));
    const { cert } = fileOf(all()[0]!);
    let member = await create(groupMember, memberInputs(group.it, all()[0]!, { expectedCertificate: cert }));
    expect(shownBy(member)).toEqual([sha256Of(cert), sha256Of(cert)]);
    const inAnotherForm = { expectedCertificate: new X509Certificate(cert).fingerprint256 };
    member = await (await planned(member, inAnotherForm))();
    const { id, inputs, outs } = await refreshed(member);
    expect(expectedIn(inputs)).toBe(sha256Of(cert));
    expect(await groupMember.diff(id, outs, inputs)).toEqual({ changes: false });
    // Declared of a member that is managed already, it is looked at once, and nothing is sent.
    members[1] = await update(members[1]!, { expectedCertificate: fileOf(all()[1]!).cert });
    expect(shownBy(members[1])).toEqual([sha256Of(fileOf(all()[1]!).cert), sha256Of(fileOf(all()[1]!).cert)]);
    expect(await Promise.all(all().map(snapshot))).toEqual(before);
  });

  it("new files under the old names are loaded at both ports, with one switch-over and no row lost", async () => {
    await settle();
    const olds = all().map(fileOf);
    const fresh = await Promise.all(all().map(leafFor));
    all().forEach((member, i) => replace(member, fresh[i]!));
    const primary = await primaryOf(all());
    said.splice(0);
    const { result, starts, elections, writer } = await whileWriting(group.it, () =>
      updateAll(members, (i) => ({ expectedCertificate: fresh[i]!.cert })),
    );
    expect(result.failures).toEqual([undefined, undefined, undefined]);
    members = result.after;
    expect([...starts].sort()).toEqual(["db1", "db2", "db3"]);
    expect(starts.at(-1)).toBe(primary.name);
    expect(elections).toHaveLength(1);
    expect(writer.acknowledged).toBeGreaterThan(100);
    expect(members.map(shownBy)).toEqual(fresh.map(({ cert }) => [sha256Of(cert), sha256Of(cert)]));
    const db1 = all()[0]!;
    const subject = `certificate O=MySQL sandbox, CN=db1 (${shortOf(olds[0]!.cert)})`;
    const at = said.indexOf(
      `member ${addressOf(db1)}: member-restart because it shows ${subject} at its SQL port and to its group; expected is ${shortOf(fresh[0]!.cert)}`,
    );
    expect(said.slice(at + 1, at + 4)).toEqual(statements);
    await expectHealthy(all());
  });

  it("another certificate that somebody has loaded for clients is seen by a refresh, and taken out without a restart", async () => {
    await settle();
    const i = await secondary();
    const member = all()[i]!;
    const [own, other] = [fileOf(member), await leafFor(member)];
    replace(member, other);
    await run(member, reload);
    replace(member, own);

    const seen = await refreshed(members[i]!);
    expect(expectedIn(seen.outs)).toBe(sha256Of(other.cert));
    expect(shownBy(seen)).toEqual([sha256Of(other.cert), sha256Of(own.cert)]);
    said.splice(0);
    const { result, starts } = await startsDuring(() => update(seen, {}));
    expect(said).toContain(
      `member ${addressOf(member)}: tls-reload because it shows certificate O=MySQL sandbox, CN=${member.name} (${shortOf(other.cert)}) at its SQL port; expected is ${shortOf(own.cert)}`,
    );
    expect(starts).toEqual([0, 0, 0]);
    expect(shownBy(result)).toEqual([sha256Of(own.cert), sha256Of(own.cert)]);
    expect(expectedIn((await refreshed(result)).outs)).toBe(sha256Of(own.cert));
  });

  it("another certificate that only group communication shows is seen, and taken out by a restart of that member alone", async () => {
    await settle();
    const i = await secondary();
    const member = all()[i]!;
    const [own, other] = [fileOf(member), await leafFor(member)];
    replace(member, other);
    await run(member, ...restart);
    await isOnline(member);
    replace(member, own);

    const seen = await refreshed(members[i]!);
    expect(expectedIn(seen.outs)).toBe(sha256Of(other.cert));
    expect(shownBy(seen)).toEqual([sha256Of(own.cert), sha256Of(other.cert)]);
    const { result, starts } = await startsDuring(() => update(seen, {}));
    expect(starts).toEqual([0, 1, 2].map((n) => (n === i ? 1 : 0)));
    expect(shownBy(result)).toEqual([sha256Of(own.cert), sha256Of(own.cert)]);
    await expectHealthy(all());
  });

  it("a deployment that was killed after the reload goes on with the restarts that are missing", async () => {
    await settle();
    const fresh = await Promise.all(all().map(leafFor));
    all().forEach((member, i) => replace(member, fresh[i]!));
    for (const member of all()) await run(member, reload);
    const done = await secondary();
    await run(all()[done]!, ...restart);
    await isOnline(all()[done]!);
    const { result, starts } = await startsDuring(() =>
      updateAll(members, (i) => ({ expectedCertificate: fresh[i]!.cert })),
    );
    expect(result.failures).toEqual([undefined, undefined, undefined]);
    members = result.after;
    expect(starts).toEqual([0, 1, 2].map((n) => (n === done ? 0 : 1)));
    expect(members.map(shownBy)).toEqual(fresh.map(({ cert }) => [sha256Of(cert), sha256Of(cert)]));
    await expectHealthy(all());
  });

  it("a new path and its certificate are one reload and one restart", async () => {
    await settle();
    const i = await secondary();
    const leaf = await leafFor(all()[i]!);
    const { tls } = all()[i]!;
    const sslCert = writePem(tls.cert.replace(".pem", "-new.pem"), leaf.cert);
    const sslKey = writePem(tls.key.replace(".pem", "-new.pem"), leaf.key);
    said.splice(0);
    const { result, starts } = await startsDuring(() =>
      update(members[i]!, { sslCert, sslKey, expectedCertificate: leaf.cert }),
    );
    expect(said.filter((line) => line === `    ${reload}`)).toHaveLength(1);
    expect(starts).toEqual([0, 1, 2].map((n) => (n === i ? 1 : 0)));
    expect(shownBy(result)).toEqual([sha256Of(leaf.cert), sha256Of(leaf.cert)]);
    await update(result, { sslCert: tls.cert, sslKey: tls.key, expectedCertificate: fileOf(all()[i]!).cert });
    await expectHealthy(all());
  });

  describe("files that are not the declared certificate", () => {
    it.each(["a secondary", "the primary"])(
      "are found on %s, and nothing of the group is touched",
      async (role) => {
        await settle();
        const i = role === "the primary" ? all().indexOf(await primaryOf(all())) : await secondary();
        const member = all()[i]!;
        const [own, wanted] = [fileOf(member), await leafFor(member)];
        const found = await undone(all(), () => update(members[i]!, { expectedCertificate: wanted.cert }));
        expect(found).toMatchObject({
          code: "GR106",
          what: `${addressOf(member)}: shows certificate O=MySQL sandbox, CN=${member.name} (${shortOf(own.cert)}) at its SQL port after its files were loaded; expected is ${sha256Of(wanted.cert)}`,
          why: `the file that ssl_cert names, ${member.tls.cert}, is not the expected certificate`,
          left: `${addressOf(member)} has its settings from before`,
          todo: "put the expected certificate and its key where ssl_cert and ssl_key say, or correct sslCert, sslKey or expectedCertificate; then pulumi up --refresh",
        });
        await expectHealthy(all());
      },
    );

    it("stop the change of all before any member is stopped, and say what stays loaded", async () => {
      await settle();
      const i = await secondary();
      const wanted = await Promise.all(all().map(leafFor));
      const stray = await leafFor(all()[i]!);
      all().forEach((member, n) => replace(member, n === i ? stray : wanted[n]!));
      const { result, starts } = await startsDuring(() =>
        updateAll(members, (n) => ({ expectedCertificate: wanted[n]!.cert })),
      );
      expect(starts).toEqual([0, 0, 0]);
      expect(result.failures.map((f) => f?.code)).toEqual(
        [0, 1, 2].map((n) => (n === i ? "GR106" : "GR104")),
      );
      result.failures.forEach((f, n) => {
        const now = (n === i ? stray : wanted[n]!).cert;
        expect(f!.left).toContain(
          `its SQL port keeps certificate O=MySQL sandbox, CN=${all()[n]!.name} (${shortOf(now)}), which is what its file holds now`,
        );
      });
      // The right file, and it goes on from there.
      replace(all()[i]!, wanted[i]!);
      const mended = await startsDuring(() =>
        updateAll(result.after, (n) => ({ expectedCertificate: wanted[n]!.cert })),
      );
      expect(mended.result.failures).toEqual([undefined, undefined, undefined]);
      expect(mended.starts).toEqual([1, 1, 1]);
      expect(mended.result.after.map(shownBy)).toEqual(
        wanted.map(({ cert }) => [sha256Of(cert), sha256Of(cert)]),
      );
      await expectHealthy(all());
    });

    it("with a key that is another's are refused by the server, which goes on with what it has", async () => {
      await settle();
      const i = await secondary();
      const member = all()[i]!;
      const [own, wanted] = [fileOf(member), await leafFor(member)];
      writePem(member.tls.cert, wanted.cert);
      try {
        const found = await undone(all(), () => update(members[i]!, { expectedCertificate: wanted.cert }));
        expect(found).toMatchObject({
          code: "GR103",
          what: `${addressOf(member)} refused ${reload}`,
          left: `${addressOf(member)} has its settings from before`,
        });
        expect(shownBy(await refreshed(members[i]!))).toEqual([sha256Of(own.cert), sha256Of(own.cert)]);
      } finally {
        replace(member, own);
      }
    });

    it("are found on a server that is to join, before its START; with the right ones it joins", async () => {
      await settle();
      await withServer(group.it, async (server) => {
        const [own, wanted] = [fileOf(server), await leafFor(server)];
        const declared = memberInputs(group.it, server, { expectedCertificate: wanted.cert });
        expect(await notJoined(server, () => create(groupMember, declared))).toMatchObject({ code: "GR106" });
        await create(recoveryChannel, channelInputs(group.it, server, { donors: all().map(addressOf) }));
        // Together with a member that it can recover from.
        const [, joined] = await Promise.all([
          update(members[0]!, { memberWeight: 55 }),
          create(groupMember, { ...declared, expectedCertificate: own.cert }),
        ]);
        expect(shownBy(joined)).toEqual([sha256Of(own.cert), sha256Of(own.cert)]);
        await groupMember.delete(joined.id, joined.outs);
      });
    });
  });

  it("where the SQL port cannot be looked at, the declaration is refused, and the member can be deleted all the same", () =>
    withServer(group.it, async (server) => {
      const connection = { socketPath: server.socket, user: server.user, password: server.password };
      const declared = {
        ...memberInputs(group.it, server, { expectedCertificate: fileOf(server).cert }),
        connection,
      };
      expect(await failure(create(groupMember, declared))).toMatchObject({
        code: "GR005",
        what: `${server.socket} cannot be asked which certificate it shows`,
        left: "nothing was changed",
      });
    }));

  it.each([
    ["TLSv1.2 alone", ["TLSv1.2"]],
    ["TLSv1.3 alone", ["TLSv1.3"]],
  ])(
    "a group that verifies its peers shows its certificates to a look without one, with %s",
    async (_, tlsVersion) => {
      await settle();
      const { failures, after } = await updateAll(members, { sslMode: "VERIFY_CA", tlsVersion });
      expect(failures).toEqual([undefined, undefined, undefined]);
      members = await Promise.all(after.map(refreshed));
      expect(members.map(shownBy)).toEqual(
        all().map((member) => [sha256Of(fileOf(member).cert), sha256Of(fileOf(member).cert)]),
      );
      const back = await updateAll(members, { sslMode: "REQUIRED", tlsVersion: ["TLSv1.2", "TLSv1.3"] });
      expect(back.failures).toEqual([undefined, undefined, undefined]);
      members = back.after;
    },
  );
});

describe("on the MYSQL stack", () => {
  const group = useSandbox({ stack: "MYSQL", group: true });
  const all = (): Member[] => group.it.members;

  it("new files under the old names take a reload alone, and members that start anew talk to the others", async () => {
    let members = await adoptMembers(group.it);
    const fresh = await Promise.all(
      all().map(({ name, host }) =>
        makeLeaf(authorityOf(group.it), { commonName: name, dns: ["localhost", name], ip: [host] }),
      ),
    );
    all().forEach((member, i) => replace(member, fresh[i]!));
    const before = await Promise.all(all().map(snapshot));
    const { failures, after } = await updateAll(members, (i) => ({ expectedCertificate: fresh[i]!.cert }));
    expect(failures).toEqual([undefined, undefined, undefined]);
    members = await Promise.all(after.map(refreshed));
    expect(members.map(shownBy)).toEqual(fresh.map(({ cert }) => [sha256Of(cert), undefined]));
    const now = await Promise.all(all().map(snapshot));
    expect(now.map(({ starts }) => starts)).toEqual(before.map(({ starts }) => starts));
    await expectHealthy(all());

    const secondary = all().find(
      (member) => !now[all().indexOf(member)]!.members.some((m) => m === `${member.port} ONLINE PRIMARY`),
    )!;
    await run(secondary, ...restart);
    await until(`${secondary.name} is ONLINE`, 60, async () => (await stateOf(secondary)) === "ONLINE");
    await expectHealthy(all());
  });
});
