import { type Effect, sinceOn, variable } from "../../../provider/mysql/catalogue";
import { channelProperties, memberProperties, variableOf } from "../../../provider/plan/wish";
import { type Field, fieldsOf } from "./source";

const member = fieldsOf("group-member.ts", "GroupMemberArgs");
const channel = fieldsOf("recovery-channel.ts", "RecoveryChannelArgs");
const user = fieldsOf("replication-user.ts", "ReplicationUserArgs");
const connection = fieldsOf("connection.ts", "ConnectionArgs");

const named = (fields: readonly Field[], properties: readonly string[]): [string, Field][] =>
  properties.map((p) => [p, fields.find((f) => f.name === p)!]);
const variables = [...named(member, memberProperties), ...named(channel, channelProperties)];

describe("the documentation of a property that is a system variable", () => {
  it("is there for each of them", () => {
    expect(variables.filter(([, field]) => field === undefined).map(([name]) => name)).toEqual([]);
  });

  it.each(variables)("names the variable of %s", (property, field) => {
    expect(field.tag("mysql")?.split(" ")[0]).toBe(variableOf(property).name);
  });

  it.each(variables)("tells since when there is %s", (property, field) => {
    const v = variableOf(property);
    const since = field.tag("since")!;
    expect(since).toBeDefined();
    // A variable with two names is as old as the older one; 5.7 alone means any 5.7 that has the plugin.
    const oldest = v.renamedFrom === undefined ? v : variable(v.renamedFrom);
    const first = [sinceOn(oldest, "5.7.44"), sinceOn(oldest, "8.0.44")];
    const told = /^(?:5\.7)\b(?!\.)/.test(since) ? "5.7" : since.split(/[ ;]/)[0];
    expect([...first, "5.7"]).toContain(told);
    if (told === "5.7") expect(first[0]).toMatch(/^5\.7\./);
  });

  const costs: Partial<Record<Effect, RegExp>> = {
    immediate: /^none/,
    "next-start": /^none/,
    "next-recovery": /^none/,
    "tls-reload": /^TLS reload/,
    "member-restart": /^rolling restart/,
    "group-restart": /^full restart/,
  };
  it.each(variables)("tells what a change of %s costs", (property, field) => {
    expect(field.tag("cost")).toMatch(costs[variableOf(property).effect]!);
  });

  it.each(variables.filter(([p]) => /^recovery(Ssl|Tls|UseSsl)/.test(p)))(
    "tells that a change of %s costs more on the MYSQL stack",
    (_, field) => {
      expect(field.tag("cost")).toBe("none; rolling restart on the MYSQL stack");
    },
  );

  it.each(variables.filter(([p]) => variableOf(p).type === "integer"))(
    "tells the range of %s",
    (property, field) => {
      const { min, max } = variableOf(property);
      const numbers = [...field.text.split("@")[0]!.matchAll(/\d+/g)].map((m) => m[0]);
      expect(numbers).toEqual(expect.arrayContaining([String(min), String(max)]));
    },
  );

  it.each(variables.filter(([p]) => variableOf(p).type === "enum"))(
    "lists the values of %s in its type",
    (property, field) => {
      const listed = [...field.type.matchAll(/"([^"]+)"/g)].map((m) => m[1]!.toUpperCase());
      expect(listed.sort()).toEqual([...variableOf(property).values!].map((v) => v.toUpperCase()).sort());
    },
  );

  it.each(variables)("gives %s the type that the variable has", (property, field) => {
    const expected = {
      boolean: /boolean/,
      integer: /number/,
      enum: /"/,
      list: /string>\[\]/,
      path: /string/,
      string: /string/,
    };
    expect(field.type).toMatch(expected[variableOf(property).type]);
  });
});

describe("the documentation of a secret", () => {
  const secrets: [string, Field | undefined][] = [
    ["a connection's password", connection.find((f) => f.name === "password")],
    ["a connection's key", fieldsOf("connection.ts", "ConnectionTlsArgs").find((f) => f.name === "key")],
    ["a channel's password", channel.find((f) => f.name === "password")],
    ["an account's password", user.find((f) => f.name === "password")],
    ...["privateKey", "passphrase", "rotatingPrivateKey"].map((name): [string, Field | undefined] => [
      `a CA's ${name}`,
      fieldsOf("issuer.ts", "IssuerArgs").find((f) => f.name === name),
    ]),
    ...["privateKey", "passphrase"].map((name): [string, Field | undefined] => [
      `an SSH login's ${name}`,
      fieldsOf("ssh.ts", "SshArgs").find((f) => f.name === name),
    ]),
    ...["key", "keyPassphrase"].map((name): [string, Field | undefined] => [
      `the files' ${name}`,
      fieldsOf("certificate-files.ts", "CertificateFilesArgs").find((f) => f.name === name),
    ]),
  ];
  it.each(secrets)("says so of %s", (_, field) => {
    expect(field?.text).toMatch(/@secret/);
  });
});
