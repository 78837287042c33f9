import { toldFailures, toldIn, withoutStrayTexts } from "../../../provider/runtime/told";
import { unknownValue } from "../../../provider/plan/wish";
import { authority, bundleOf } from "../certificates/builders";

const ca = bundleOf(authority());

describe("toldIn", () => {
  it("knows texts by the files that they stand for", () => {
    expect(toldIn({ expectedCa: ca, sslCa: "/ca.pem", expectedCrl: "-----BEGIN X509 CRL-----" })).toEqual({
      ca: { text: ca, path: "/ca.pem" },
      crl: { text: "-----BEGIN X509 CRL-----", path: undefined },
    });
  });

  it.each([
    ["a digest, which tells no content", { expectedCertificate: "ab".repeat(32), sslCert: "/c.pem" }],
    ["a text that is not known yet", { expectedCa: unknownValue, sslCa: "/ca.pem" }],
    ["a file that is not known yet", { expectedCa: ca, sslCa: unknownValue }],
    ["nothing", {}],
  ])("learns nothing from %s", (_, inputs) => {
    expect(toldIn(inputs)).toEqual({});
  });
});

describe("toldFailures", () => {
  it("lets good texts pass, and what is not known yet", () => {
    expect(toldFailures({ expectedCa: ca.replace(/\n/g, "\r\n"), expectedCrl: unknownValue })).toEqual([]);
  });

  it("refuses what is no certificate and no list", () => {
    expect(toldFailures({ expectedCa: ca.slice(0, 400), expectedCrl: ca })).toEqual([
      { property: "expectedCa", reason: "holds a certificate that is cut off or no PEM text" },
      {
        property: "expectedCrl",
        reason: 'holds no revocation list; PEM text: "-----BEGIN X509 CRL-----"',
      },
    ]);
  });
});

describe("withoutStrayTexts", () => {
  const declared = { sslCa: "/a.pem", expectedCa: "A", sslCrl: "/l.pem", expectedCrl: "L" };

  it("keeps what is told where the server has the file that is meant", () => {
    expect(withoutStrayTexts(declared, declared)).toEqual(declared);
  });

  it("drops what was told of a file, where somebody gave the server another one", () => {
    expect(withoutStrayTexts(declared, { ...declared, sslCa: "/by-hand.pem" })).toEqual({
      sslCa: "/by-hand.pem",
      sslCrl: "/l.pem",
      expectedCrl: "L",
    });
  });
});
