import fc from "fast-check";
import { cipherProblem, protocolProblem } from "../../../provider/tls/rules";

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
  ] as const)("refuses %j as %s", (list, kind, problem) => {
    expect(cipherProblem(list, kind)).toBe(problem);
  });
});
