import fc from "fast-check";
import { StepFailedError } from "../../../provider/errors";
import {
  PartialFailure,
  declaredIn,
  failureOf,
  isNew,
  keptOptionFile,
  messageOf,
  providerKey,
  providerOf,
  same,
  stubChanged,
} from "../../../provider/runtime/lifecycle";

describe("same", () => {
  it.each([
    ["nothing and nothing", undefined, undefined],
    ["objects whose keys come in another order", { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }],
    ["an undefined property and none", { a: 1, b: undefined }, { a: 1 }],
    ["objects in lists", [{ a: 1, b: 2 }], [{ b: 2, a: 1 }]],
    ["numbers however they were written", { a: 1.0 }, { a: 1 }],
  ])("takes for the same %s", (_, a, b) => {
    expect(same(a, b)).toBe(true);
  });

  it.each([
    ["another order in a list", ["a", "b"], ["b", "a"]],
    ["a number and a text", { a: 1 }, { a: "1" }],
    ["null and no property", { a: null }, {}],
    ["false and no property", { a: false }, {}],
    ["an empty list and none", { a: [] }, {}],
    ["an empty list and an empty object", [], {}],
    ["a list and the object that looks like it", ["x"], { 0: "x" }],
    ["nothing and null", undefined, null],
    ["a nested difference", { a: { b: [1, { c: 2 }] } }, { a: { b: [1, { c: 3 }] } }],
  ])("tells apart %s", (_, a, b) => {
    expect(same(a, b)).toBe(false);
    expect(same(b, a)).toBe(false);
  });

  const shuffled = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(shuffled)
      : typeof value === "object" && value !== null
        ? Object.fromEntries(
            Object.entries(value)
              .reverse()
              .map(([k, v]) => [k, shuffled(v)]),
          )
        : value;

  it("does not depend on the order of keys, at any depth, and takes a JSON round trip for the same", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(same(value, shuffled(value))).toBe(true);
        expect(same(value, JSON.parse(JSON.stringify(value)))).toBe(true);
      }),
    );
  });

  it("finds any change of one value", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), fc.nat(), (value, n) => {
        const key = Object.keys(value)[n % Object.keys(value).length]!;
        expect(same(value, { ...value, [key]: { was: value[key] } })).toBe(false);
      }),
    );
  });
});

describe("the stub in state", () => {
  it("is another one only where both are known and differ", () => {
    expect(stubChanged({ [providerKey]: "a" }, { [providerKey]: "b" })).toBe(true);
    expect(stubChanged({ [providerKey]: "a" }, { [providerKey]: "a" })).toBe(false);
    expect(stubChanged({}, { [providerKey]: "b" })).toBe(false);
    expect(stubChanged({ [providerKey]: "a" }, {})).toBe(false);
  });

  it("is kept beside the inputs, where there is one", () => {
    expect(providerOf({ a: 1, [providerKey]: "x" })).toEqual({ [providerKey]: "x" });
    expect(providerOf({ a: 1 })).toEqual({});
  });
});

describe("declaredIn", () => {
  it("is what the program declares: no outputs, nothing undefined or null, no stub", () => {
    const all = { a: 1, b: false, c: "", d: [], e: undefined, f: null, address: "x", [providerKey]: "y" };
    expect(declaredIn(all, ["address"])).toEqual({ a: 1, b: false, c: "", d: [] });
    expect(Object.keys(declaredIn(all, ["address"]))).toEqual(["a", "b", "c", "d"]);
  });
});

describe("isNew", () => {
  it.each([
    [undefined, true],
    [{}, true],
    [{ a: 1 }, false],
  ])("of %j: %s", (olds, is) => {
    expect(isNew(olds)).toBe(is);
  });
});

describe("a failure", () => {
  const failed = new StepFailedError("db1:3306", "START", { what: "db1:3306 failed", why: "no CA" });

  it("is told in the words of a typed error, of any other error, or of whatever was thrown", () => {
    expect(messageOf(failed)).toBe("[GR103] db1:3306 failed\nWhy: no CA");
    expect(messageOf(new TypeError("odd"))).toBe("odd");
    expect(messageOf("odd")).toBe("odd");
  });

  it("that leaves something behind carries what state keeps, and no stack", () => {
    const partial = new PartialFailure("id", { a: 1, [providerKey]: "x" }, failed);
    expect(partial).toMatchObject({
      id: "id",
      properties: { a: 1, [providerKey]: "x" },
      reasons: [failed.message],
    });
    expect(partial.stack).toBe("");
  });

  it("after which all was taken back keeps the outputs from before, and since when they are in effect", () => {
    const olds = { sslCa: "ca.pem", facts: { view: { x: 1 }, settledAt: 5 }, [providerKey]: "x" };
    const error = Object.assign(new StepFailedError("db1:3306", "START", { what: "x" }), { takenBackAt: 77 });
    const partial = failureOf("id", olds, error) as PartialFailure;
    expect(partial).toBeInstanceOf(PartialFailure);
    const { facts, ...rest } = partial.properties;
    expect({ ...rest, facts: JSON.parse(facts as string) as unknown }).toEqual({
      ...olds,
      facts: { view: { x: 1 }, settledAt: 77 },
    });
    expect(partial.reasons).toEqual([error.message]);
  });

  it("after which nothing is known to have been taken back is passed on as it is", () => {
    expect(failureOf("id", { facts: {} }, failed)).toBe(failed);
  });
});

describe("keptOptionFile", () => {
  const before = { serverVersion: "5.7.22", optionFile: "[mysqld]\n" };

  it("keeps the text of the last update, as drift is no declaration", () => {
    expect(keptOptionFile(before, { serverVersion: "5.7.22" })).toEqual({ optionFile: "[mysqld]\n" });
    expect(keptOptionFile({ ...before, optionFile: "" }, { serverVersion: "5.7.22" })).toEqual({
      optionFile: "",
    });
  });

  it("lets it be written anew for another version, and for state that has none", () => {
    expect(keptOptionFile(before, { serverVersion: "8.0.36" })).toEqual({});
    expect(keptOptionFile({ serverVersion: "5.7.22" }, { serverVersion: "5.7.22" })).toEqual({});
  });
});
