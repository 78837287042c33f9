import { ProvenPairs } from "../../../provider/rolling/start-proof";
import { facts } from "../builders";

const one = facts({ uuid: "aaaa" });
const other = facts({ uuid: "bbbb" });

describe("A pair of members of which one has talked to the other", () => {
  const pairs = new ProvenPairs();
  pairs.note(one, other, "VERIFY_CA");

  it("needs no second try in either direction", () => {
    expect(pairs.has(one, other, "VERIFY_CA")).toBe(true);
    expect(pairs.has(other, one, "VERIFY_CA")).toBe(true);
  });

  it("is tried again for another ssl_mode, and where host names are verified, which one side alone looks at", () => {
    expect(pairs.has(other, one, "REQUIRED")).toBe(false);
    pairs.note(one, other, "VERIFY_IDENTITY");
    expect(pairs.has(other, one, "VERIFY_IDENTITY")).toBe(false);
    pairs.note(one, other, "VERIFY_CA");
  });

  it.each(["ssl_cert", "ssl_ca", "ssl_crl", "tls_version", "admin_ssl_cert"])(
    "is tried again once %s is another one, or was set anew",
    (name) => {
      const value = { source: "DYNAMIC" as const, value: "other", setAt: 1 };
      const changed = { ...other, variables: { ...other.variables, [name]: value } };
      expect(pairs.has(one, changed, "VERIFY_CA")).toBe(false);
      pairs.note(one, changed, "VERIFY_CA");
      const again = { ...other, variables: { ...other.variables, [name]: { ...value, setAt: 2 } } };
      expect(pairs.has(one, again, "VERIFY_CA")).toBe(false);
      pairs.note(one, other, "VERIFY_CA");
    },
  );

  it("says nothing of another pair", () => {
    expect(pairs.has(one, facts({ uuid: "cccc" }), "VERIFY_CA")).toBe(false);
  });
});
