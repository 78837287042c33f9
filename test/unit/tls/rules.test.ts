import fc from "fast-check";
import { variable } from "../../../provider/mysql/catalogue";
import {
  bridge,
  bridgeBetween,
  cipherProblem,
  noCommonProtocol,
  pairProblem,
  protocolProblem,
  protocolProblemOn,
  protocolsOn,
} from "../../../provider/tls/rules";

const order = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];

describe("protocolProblem", () => {
  it.each([
    [["TLSv1.2"]],
    [["TLSv1.3"]],
    [["TLSv1.2", "TLSv1.3"]],
    [["TLSv1.3", "TLSv1.2"]],
    [["tlsv1.2", "TLSV1.3"]],
    [order],
    [["TLSv1.1", "TLSv1.2"]],
  ])("takes %j", (list) => {
    expect(protocolProblem(list)).toBeUndefined();
  });

  it.each([
    [[], "must name at least one protocol"],
    [["TLSv1.4"], '"TLSv1.4" is no TLS protocol; known are TLSv1, TLSv1.1, TLSv1.2, TLSv1.3'],
    [["TLSv1.2", "SSLv3"], '"SSLv3" is no TLS protocol; known are TLSv1, TLSv1.1, TLSv1.2, TLSv1.3'],
    [["TLSv1.2 "], '"TLSv1.2 " is no TLS protocol; known are TLSv1, TLSv1.1, TLSv1.2, TLSv1.3'],
    [[""], '"" is no TLS protocol; known are TLSv1, TLSv1.1, TLSv1.2, TLSv1.3'],
    [["TLSv1.2", "tlsv1.2"], "names a protocol twice"],
    [
      ["TLSv1.1", "TLSv1.3"],
      "must not leave out TLSv1.2 between TLSv1.1 and TLSv1.3: Group Replication needs a list without gaps",
    ],
    [
      ["TLSv1.3", "TLSv1"],
      "must not leave out TLSv1.2 between TLSv1 and TLSv1.3: Group Replication needs a list without gaps",
    ],
  ])("refuses %j", (list, problem) => {
    expect(protocolProblem(list)).toBe(problem);
  });

  it("takes exactly the runs of neighbours, in any order", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(order, { minLength: 1 }), (list) => {
        const at = list.map((p) => order.indexOf(p));
        const run = Math.max(...at) - Math.min(...at) === list.length - 1;
        expect(protocolProblem(list) === undefined).toBe(run);
      }),
    );
  });
});

const uses = ["server", "group", "recovery"] as const;
const versions = fc.constantFrom(
  ..."5.7.22 8.0.11 8.0.15 8.0.16 8.0.17 8.0.18 8.0.19 8.0.27 8.0.28 8.0.36-28.1-log 8.4.0 9.7.4 27.1.0".split(
    " ",
  ),
);
/** As the server takes them: the runs of neighbours. */
const lists = fc.subarray(order, { minLength: 1 }).filter((list) => protocolProblem(list) === undefined);
const anyCase = (list: readonly string[]): string[] => list.map((p) => p.toUpperCase()).reverse();

describe("protocolsOn", () => {
  const old = ["TLSv1", "TLSv1.1", "TLSv1.2"];
  it.each([
    // version, server, group, recovery
    ["5.7.22", old, old, old],
    ["8.0.15", old, old, old],
    ["8.0.16", order, old, old],
    ["8.0.17", order, old, old],
    ["8.0.18", order, order, old],
    ["8.0.19", order, order, order],
    ["8.0.27", order, order, order],
    ["8.0.28", ["TLSv1.2", "TLSv1.3"], ["TLSv1.2", "TLSv1.3"], ["TLSv1.2", "TLSv1.3"]],
    ["9.7.4", ["TLSv1.2", "TLSv1.3"], ["TLSv1.2", "TLSv1.3"], ["TLSv1.2", "TLSv1.3"]],
  ])("knows those of %s", (version, ...expected) => {
    expect(uses.map((use) => protocolsOn(version, use))).toEqual(expected);
  });

  it.each([
    ["tls_version", "server"],
    ["group_replication_recovery_tls_version", "recovery"],
    ["admin_tls_version", "server"],
  ] as const)("agrees with the defaults of %s", (name, use) => {
    for (const { from, value } of variable(name).defaults)
      expect(protocolsOn(from, use).join(",")).toBe(value);
  });
});

describe("protocolProblemOn", () => {
  it.each([
    [
      ["TLSv1.1", "TLSv1.2"],
      "8.0.28",
      "server",
      "does not take TLSv1.1 (gone from 8.0.28); it takes TLSv1.2, TLSv1.3",
    ],
    [
      ["tlsv1", "TLSv1.1"],
      "9.7.4",
      "recovery",
      "does not take TLSv1 (gone from 8.0.28) and TLSv1.1 (gone from 8.0.28) for recovery; it takes TLSv1.2, TLSv1.3",
    ],
    [
      ["TLSv1.2", "TLSv1.3"],
      "5.7.22",
      "server",
      "does not take TLSv1.3 (it came with 8.0.16); it takes TLSv1, TLSv1.1, TLSv1.2",
    ],
    [["valueOf"], "9.7.4", "server", "does not take valueOf; it takes TLSv1.2, TLSv1.3"],
    [
      ["TLSv1.3"],
      "8.0.17",
      "group",
      "does not take TLSv1.3 (it came with 8.0.18) for group communication; it takes TLSv1, TLSv1.1, TLSv1.2",
    ],
    [["TLSv1.4"], "9.7.4", "server", "does not take TLSv1.4; it takes TLSv1.2, TLSv1.3"],
  ] as const)("refuses %j on %s for the %s", (list, version, use, problem) => {
    expect(protocolProblemOn(list, version, use)).toBe(problem);
  });

  it("lets XCom pass over TLSv1.3, as long as it knows another of the list", () => {
    expect(protocolProblemOn(["TLSv1.2", "TLSv1.3"], "8.0.17", "group")).toBeUndefined();
  });

  it("takes what protocolsOn names, in any case and order, and for the server and recovery nothing else", () => {
    fc.assert(
      fc.property(lists, versions, fc.constantFrom(...uses), (list, version, use) => {
        const known = list.filter((p) => protocolsOn(version, use).includes(p));
        const taken = use === "group" ? known.length > 0 : known.length === list.length;
        expect(protocolProblemOn(anyCase(list), version, use) === undefined).toBe(taken);
      }),
    );
  });
});

describe("noCommonProtocol", () => {
  it.each([
    [["TLSv1.2"], ["TLSv1.3"], true],
    [["TLSv1", "TLSv1.1"], ["TLSv1.2", "TLSv1.3"], true],
    [["TLSv1.2", "TLSv1.3"], ["TLSv1.3"], false],
    [["tlsv1.2"], ["TLSv1.2"], false],
  ])("from %j to %j: %s", (before, after, none) => {
    expect(noCommonProtocol(before, after)).toBe(none);
  });

  it("is bridged by a list that is legal and has something in common with both", () => {
    fc.assert(
      fc.property(lists, lists, (before, after) => {
        const between = bridge(anyCase(before), after);
        expect(protocolProblem(between)).toBeUndefined();
        expect([noCommonProtocol(before, between), noCommonProtocol(between, after)]).toEqual([false, false]);
      }),
    );
  });

  it("bridges with what lies in between", () => {
    expect(bridge(["TLSv1.1"], ["TLSv1.3"])).toEqual(["TLSv1.1", "TLSv1.2", "TLSv1.3"]);
  });
});

describe("pairProblem", () => {
  const both = ["TLSv1.2", "TLSv1.3"];
  const suite = ["TLS_AES_256_GCM_SHA384"];
  const other = ["TLS_AES_128_GCM_SHA256"];
  const of = (protocols: readonly string[], ciphersuites?: readonly string[], version = "9.7.4") => ({
    version,
    protocols,
    ciphersuites,
  });

  it.each([
    ["the same of all", of(both, suite), of(both, suite)],
    ["TLSv1.2 alone, whatever the ciphersuites", of(["TLSv1.2"], suite), of(both, other)],
    ["one ciphersuite of several", of(both, [...suite, ...other]), of(["TLSv1.3"], other)],
    ["the library's ciphersuites, which are not known", of(["TLSv1.3"]), of(["TLSv1.3"], other)],
    ["versions that have only TLSv1.2 in common", of(both, [], "8.0.17"), of(both, suite)],
  ])("lets those talk that have %s", (_, a, b) => {
    expect([pairProblem(a, b), pairProblem(b, a)]).toEqual([undefined, undefined]);
  });

  it.each([
    [
      "protocol",
      of(["TLSv1.2"]),
      of(["TLSv1.3"]),
      "no protocol in common: TLSv1.2 on the one, TLSv1.3 on the other",
    ],
    [
      "protocol that group communication of both versions knows",
      of(both, undefined, "8.0.17"),
      of(["TLSv1.3"]),
      "no protocol in common: TLSv1.2 on the one, TLSv1.3 on the other",
    ],
    [
      "protocol that its version takes",
      of(["TLSv1.3"], undefined, "8.0.16"),
      of(both),
      "no protocol in common: none on the one, TLSv1.2, TLSv1.3 on the other",
    ],
    [
      "ciphersuite, although TLSv1.2 is there as well: it is not tried any more",
      of(both, suite),
      of(both, other),
      "no ciphersuite for TLSv1.3 in common: TLS_AES_256_GCM_SHA384 on the one, TLS_AES_128_GCM_SHA256 on the other",
    ],
    [
      "ciphersuite at all on one side ('' allows none)",
      of(["TLSv1.3"], []),
      of(["TLSv1.3"]),
      "no ciphersuite for TLSv1.3 in common: none on the one, none on the other",
    ],
  ])("keeps those apart that have no common %s", (_, a, b, problem) => {
    expect(pairProblem(a, b)).toBe(problem);
  });

  it("is the same from both sides, and never keeps a member from one like itself", () => {
    const member = fc.record({
      version: versions,
      protocols: lists,
      ciphersuites: fc.option(fc.subarray([...suite, ...other], { minLength: 1 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(member, member, (a, b) => {
        expect(pairProblem(a, b) === undefined).toBe(pairProblem(b, a) === undefined);
        if (protocolProblemOn(a.protocols, a.version, "group") === undefined)
          expect(pairProblem(a, a)).toBeUndefined();
      }),
    );
  });
});

describe("bridgeBetween", () => {
  const suites = ["TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"];
  const member = fc.record({
    version: fc.constant("8.0.20"),
    protocols: lists,
    ciphersuites: fc.option(fc.subarray(suites, { minLength: 1 }), { nil: undefined }),
  });

  it("is made exactly where old and new cannot talk, and can talk to both", () => {
    fc.assert(
      fc.property(member, member, (before, after) => {
        const between = bridgeBetween(before, after);
        expect(between === undefined).toBe(pairProblem(before, after) === undefined);
        if (!between) return;
        expect(pairProblem(before, between)).toBeUndefined();
        expect(pairProblem(between, after)).toBeUndefined();
        expect(protocolProblem(between.protocols)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it("leaves the ciphersuites as declared where the protocols are the trouble", () => {
    const before = { version: "9.7.4", protocols: ["TLSv1.2"], ciphersuites: [suites[0]!] };
    const after = { version: "9.7.4", protocols: ["TLSv1.3"], ciphersuites: [suites[1]!] };
    expect(bridgeBetween(before, after)).toEqual({ ...after, protocols: ["TLSv1.2", "TLSv1.3"] });
  });
});

describe("cipherProblem", () => {
  it.each([
    [["ECDHE-RSA-AES128-GCM-SHA256"], "cipher"],
    [["ECDHE-ECDSA-AES256-GCM-SHA384", "DHE-RSA-AES128-GCM-SHA256"], "cipher"],
    [["!aNULL", "HIGH+kECDHE", "@SECLEVEL=2"], "cipher"],
    [["TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"], "ciphersuite"],
  ] as const)("takes %j as %s", (list, kind) => {
    expect(cipherProblem(list, kind)).toBeUndefined();
  });

  it.each([
    [[], "cipher", "must name at least one; leave the property out for the server's default"],
    [[], "ciphersuite", "must name at least one; leave the property out for the server's default"],
    [["A:B"], "cipher", '"A:B" is no name of a cipher'],
    [["A B"], "ciphersuite", '"A B" is no name of a ciphersuite'],
    [["'; DROP"], "cipher", '"\'; DROP" is no name of a cipher'],
    [
      ["TLS_AES_256_GCM_SHA384"],
      "cipher",
      "TLS_AES_256_GCM_SHA384 is a TLSv1.3 ciphersuite; those go under *Ciphersuites",
    ],
    [
      ["TLS_AES_256_GCM_SHA384", "ECDHE-RSA-AES128-GCM-SHA256"],
      "ciphersuite",
      "ECDHE-RSA-AES128-GCM-SHA256 is no TLSv1.3 ciphersuite; ciphers up to TLSv1.2 go under *Cipher",
    ],
    [
      ["TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA256"],
      "ciphersuite",
      "TLS_AES_256_GCM_SHA256 is no TLSv1.3 ciphersuite; known are TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256, TLS_AES_128_CCM_SHA256, TLS_AES_128_CCM_8_SHA256",
    ],
  ] as const)("refuses %j as %s", (list, kind, problem) => {
    expect(cipherProblem(list, kind)).toBe(problem);
  });
});
