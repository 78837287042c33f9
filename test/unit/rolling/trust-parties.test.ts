import { validityFrom } from "../../../provider/certificates/renewal";
import { issueRevocationList } from "../../../provider/certificates/revocation";
import type { Told } from "../../../provider/rolling/told";
import { sideOf } from "../../../provider/rolling/trust-parties";
import { facts } from "../builders";
import { authority, bundleOf, leaf, now } from "../certificates/builders";

const root = authority();
const middle = authority({ subject: [{ type: "CN", value: "Middle" }], validityDays: 900 }, root);
const chain = leaf(middle) + middle.certificate.pem;
const bundle = bundleOf(middle);
const crl = issueRevocationList({ revoked: [], number: 1, validity: validityFrom(now, 9) }, root, now);

const gr = "group_replication_";
const files = { ssl_ca: "/ca.pem", ssl_cert: "/cert.pem", ssl_crl: "", ssl_crlpath: "", ssl_capath: "" };
const told: Told = {
  certificate: { text: chain, path: "/cert.pem" },
  ca: { text: bundle, path: "/ca.pem" },
  crl: { text: crl, path: "/crl.pem" },
};
const pems = (all: readonly { pem: string }[] | undefined): string =>
  (all ?? []).map(({ pem }) => pem).join("");

describe("sideOf, on XCOM", () => {
  const member = facts({ state: "ONLINE", variables: files });

  it("shows the first certificate of its file with the CAs that it trusts itself, as server and client", () => {
    const { shows, verifies, mode, host } = sideOf(member, [told], {}, []);
    expect(shows.client).toEqual(shows.server);
    expect(shows.server).toMatchObject({ sendsMore: false });
    const { certificate, sent } = shows.server as Exclude<typeof shows.server, "none" | undefined>;
    expect(chain.startsWith(certificate.pem)).toBe(true);
    expect(pems(sent)).toBe(bundle);
    expect(pems(verifies.server.authorities)).toBe(bundle);
    expect(verifies).toMatchObject({
      server: { lists: "none", trustsMore: false },
      client: { lists: "none" },
    });
    expect([mode, host]).toEqual(["REQUIRED", "db1"]);
  });

  it("goes by the files that are declared", () => {
    const after = {
      ssl_ca: "/new.pem",
      ssl_crl: "/crl.pem",
      [`${gr}ssl_mode`]: "VERIFY_CA",
      [`${gr}local_address`]: "db9:1",
    };
    const side = sideOf(member, [told], after, []);
    expect(side.verifies.server.authorities).toBeUndefined();
    expect(side.verifies.server.lists).toHaveLength(1);
    expect(side.shows.server).toMatchObject({ sent: [], sendsMore: true });
    expect([side.mode, side.host]).toEqual(["VERIFY_CA", "db9"]);
  });

  it("knows nothing of what was set since the START", () => {
    const side = sideOf(member, [told], {}, ["ssl_ca", "ssl_cert", "ssl_crl", `${gr}ssl_mode`]);
    expect(side.shows.server).toBeUndefined();
    expect(side.verifies.server).toMatchObject({ authorities: undefined, lists: undefined });
    expect(side.mode).toBeUndefined();
  });

  it("knows that folders may hold more", () => {
    const folders = facts({ variables: { ...files, ssl_capath: "/cas", ssl_crlpath: "/crls" } });
    expect(sideOf(folders, [told], {}, []).verifies.server).toMatchObject({
      trustsMore: true,
      lists: undefined,
      listsMore: true,
    });
  });

  it("takes the admin interface's files, where tls_source says so", () => {
    const admin = facts({
      variables: {
        ...files,
        [`${gr}tls_source`]: "MYSQL_ADMIN",
        admin_ssl_ca: "/other.pem",
        admin_ssl_cert: "/cert.pem",
      },
    });
    const { shows, verifies } = sideOf(admin, [told], {}, []);
    expect(verifies.server.authorities).toBeUndefined();
    expect(shows.server).toMatchObject({ sent: [] });
  });
});

describe("sideOf, on the MYSQL stack", () => {
  const recovery = { [`${gr}recovery_ssl_ca`]: "/ca.pem", [`${gr}recovery_ssl_cert`]: "/client.pem" };
  const on = (variables: Record<string, string>): ReturnType<typeof facts> =>
    facts({ state: "ONLINE", stack: "MySQL", variables: { ...files, ...variables } });

  it("shows the server's whole file, and verifies servers by the recovery channel's files", () => {
    const { shows, verifies } = sideOf(on(recovery), [told], {}, []);
    expect(shows.server).toMatchObject({
      sent: [{ serialNumber: middle.certificate.serialNumber }],
      sendsMore: false,
    });
    expect(shows.client).toBeUndefined();
    expect(pems(verifies.server.authorities)).toBe(bundle);
    expect(pems(verifies.client.authorities)).toBe(bundle);
  });

  it("shows no certificate as a client where the recovery channel has none", () => {
    const { shows, verifies } = sideOf(
      on({ [`${gr}recovery_ssl_cert`]: "", [`${gr}recovery_ssl_ca`]: "/own.pem" }),
      [told],
      {},
      [],
    );
    expect(shows.client).toBe("none");
    expect(verifies.server.authorities).toBeUndefined();
  });
});
