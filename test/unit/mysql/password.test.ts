import { passwordMatches } from "../../../provider/mysql/password";

/** Hashes as MySQL 9.7.4 and 5.7 keep them. */
const kept: [plugin: string, hash: Buffer, password: string][] = [
  [
    "caching_sha2_password",
    Buffer.from(
      "24412430304124484C7C083B270654150650026D5058280362141765583641615076666E53536942674145737A3870653344706475695378335562393345644B41644D547735",
      "hex",
    ),
    "correct horse",
  ],
  [
    "caching_sha2_password",
    Buffer.from(
      "2441243030412401306B2365525D6B6953332B76015660345D2D326E41596E36736B503942586E46557174644C78683369436B30415A536B47303268775735686131506D3337",
      "hex",
    ),
    "naïve €😀 and a password that is longer than sixty-four bytes, to be sure",
  ],
  [
    "sha256_password",
    Buffer.from(
      "24352412457D264D732B1421222B4F395F1A0712282E2A24684971336A4242464C6C34693751424F7831656833667632426A446C35662F453136453874464852544844",
      "hex",
    ),
    "correct horse",
  ],
  ["mysql_native_password", Buffer.from("*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19"), "password"],
];

describe("passwordMatches", () => {
  it.each(kept)("knows the password of a %s hash", (plugin, hash, password) => {
    expect(passwordMatches(plugin, hash, password)).toBe(true);
  });

  it.each(kept)("knows any other password from that of a %s hash", (plugin, hash, password) => {
    for (const other of ["", `${password} `, password.toUpperCase(), password.slice(1), "x"])
      expect(passwordMatches(plugin, hash, other)).toBe(false);
  });

  it.each(kept)("takes no damaged %s hash for a match, and does not throw", (plugin, hash, password) => {
    for (const damaged of [
      hash.subarray(1),
      hash.subarray(0, -1),
      Buffer.concat([hash, Buffer.from("x")]),
      Buffer.from("x"),
    ])
      expect(passwordMatches(plugin, damaged, password)).toBe(false);
  });

  it("takes an empty hash for an account without a password", () => {
    expect(passwordMatches("caching_sha2_password", Buffer.alloc(0), "")).toBe(true);
    expect(passwordMatches("caching_sha2_password", Buffer.alloc(0), "x")).toBe(false);
  });

  it("takes the declared password for the right one where the plugin's hash is not known", () => {
    expect(passwordMatches("authentication_ldap_simple", Buffer.from("cn=x"), "anything")).toBe(true);
  });
});
