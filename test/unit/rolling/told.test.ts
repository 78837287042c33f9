import { isTold, textOf } from "../../../provider/rolling/told";

describe("textOf", () => {
  it("tells what is told of a file by its path, and the first where several are told of it", () => {
    const before = { ca: { text: "old", path: "/old.pem" } };
    const after = { ca: { text: "new", path: "/new.pem" } };
    expect(textOf("ca", "/old.pem", [before, after])).toBe("old");
    expect(textOf("ca", "/new.pem", [before, after])).toBe("new");
    expect(textOf("ca", "/other.pem", [before, after])).toBeUndefined();
    const replaced = { ca: { text: "replaced under its name", path: "/old.pem" } };
    expect(textOf("ca", "/old.pem", [before, replaced])).toBe("old");
    expect(textOf("ca", "/old.pem", [replaced, before])).toBe("replaced under its name");
  });

  it("takes what is told of an unnamed file for whatever file the server has, if it has one", () => {
    const told = { crl: { text: "list", path: undefined } };
    expect(textOf("crl", "/any.pem", [told])).toBe("list");
    expect(textOf("crl", "", [told])).toBeUndefined();
    expect(textOf("ca", "/any.pem", [told])).toBeUndefined();
  });

  it("isTold knows a program that tells nothing", () => {
    expect([isTold({}), isTold({ ca: { text: "x", path: undefined } })]).toEqual([false, true]);
  });
});
