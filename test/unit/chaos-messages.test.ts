import { complaints, leaksIn, messagesIn } from "../../tools/chaos/messages";

const told = `
 ~  pulumi-nodejs:dynamic/mysqlgr:GroupMember db2 **updating failed** error: [GR103] 127.0.0.1:3307 refused START
Diagnostics:
  pulumi-nodejs:dynamic/mysqlgr:GroupMember (db2):
    error: 1 error occurred:
    \t* [GR103] 127.0.0.1:3307 refused START
    Why: it is full
    Left: nothing was changed
    Do: mend it, then pulumi up

  pulumi-nodejs:dynamic/mysqlgr:GroupMember (db3):
    error: [GR104] 127.0.0.1:3308 was not reached
    Do: mend that member
`;

describe("messages of the provider in Pulumi's output", () => {
  it("are taken from the diagnostics, whole and once", () => {
    expect(messagesIn(told)).toEqual([
      {
        code: "GR103",
        text: "[GR103] 127.0.0.1:3307 refused START\nWhy: it is full\nLeft: nothing was changed\nDo: mend it, then pulumi up",
      },
      { code: "GR104", text: "[GR104] 127.0.0.1:3308 was not reached\nDo: mend that member" },
    ]);
  });

  it("are fine where each names a server or the group and says what to do", () => {
    expect(complaints(told, ["127.0.0.1:3307", "127.0.0.1:3308"])).toEqual([]);
  });

  it("are not fine where one names nobody, or says nothing to do", () => {
    const output = "\nDiagnostics:\n  error: [GR105] somebody is at work\n    Why: a lock\n";
    expect(complaints(output, ["127.0.0.1:3307"])).toEqual([
      "GR105 names neither a server nor the group: [GR105] somebody is at work\nWhy: a lock",
      "GR105 does not say what to do: [GR105] somebody is at work\nWhy: a lock",
    ]);
  });

  it("need not be where the engine was told to stop before anything was changed", () => {
    const output = "\n@ updating....\n    error: update canceled\nDiagnostics:\n    error: update canceled\n";
    expect(complaints(output, ["127.0.0.1:3307"])).toEqual([]);
    expect(complaints(` ~  GroupMember db2 updating (0s)${output}`, ["127.0.0.1:3307"])).toHaveLength(1);
  });

  it("are missed where a deployment failed without one", () => {
    expect(complaints("\nDiagnostics:\n  error: Connection lost\n", ["127.0.0.1:3307"])).toEqual([
      "a deployment failed without a message of the provider",
    ]);
  });

  it("are not expected of a declaration that is wrong in itself", () => {
    const output =
      "\nDiagnostics:\n  error: pulumi-nodejs:dynamic/mysqlgr:GroupMember resource 'db1': property memberWeight value {101} has a problem: at most 100\n";
    expect(complaints(output, ["127.0.0.1:3307"])).toEqual([]);
  });
});

it("finds a password wherever it stands", () => {
  expect(leaksIn("... recovery-1234 ...", ["recovery-1234"])).toBe(true);
  expect(leaksIn("... <password> ...", ["recovery-1234"])).toBe(false);
});
