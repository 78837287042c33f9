import fc from "fast-check";
import { account, bind, identifier, print, quote, secret, sql } from "../../../provider/mysql/sql";

/** MySQL's reading of a string literal, without NO_BACKSLASH_ESCAPES; throws unless the text is one literal and no more. */
function read(text: string): string {
  const escapes: Record<string, string> = { "0": "\0", b: "\b", n: "\n", r: "\r", t: "\t", Z: "\x1a" };
  if (text[0] !== "'") throw new Error("no literal");
  let value = "";
  for (let i = 1; i < text.length; i++) {
    const c = text[i]!;
    if (c === "\\") {
      const next = text[++i]!;
      value += escapes[next] ?? next;
    } else if (c === "'") {
      if (text[i + 1] === "'") {
        value += "'";
        i++;
      } else if (i === text.length - 1) return value;
      else throw new Error(`the literal ends at ${i}: ${text.slice(i + 1)}`);
    } else value += c;
  }
  throw new Error("the literal does not end");
}

const hostile = [
  "",
  "'",
  "''",
  "\\",
  "\\'",
  "'; DROP USER root; --",
  "\0",
  "a\nb\rc\td\be\x1af",
  '"double"',
  "`back`",
  "naïve € 😀 👩‍👩‍👧",
  "%_",
  "\\%\\_",
  "ends with \\",
  "$& $1 $$",
  "\u2028\u2029",
  "\ud800",
];

describe("quote", () => {
  it.each(hostile)("writes %j so that the server reads it back", (text) => {
    expect(read(quote(text))).toBe(text);
  });

  it("writes any text so that the server reads it back, and nothing after it", () => {
    const pieces = fc
      .array(fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(...hostile)))
      .map((p) => p.join(""));
    fc.assert(
      fc.property(pieces, (text) => {
        expect(read(quote(text))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it("holds no raw line end or NUL", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(/[\0\n\r\x1a]/.test(quote(text))).toBe(false);
      }),
    );
  });
});

describe("identifier and account", () => {
  it.each([
    ["plain", "`plain`"],
    ["back`tick", "`back``tick`"],
    ["quote'", "`quote'`"],
  ])("writes %s as %s", (name, expected) => {
    expect(identifier(name)).toBe(expected);
  });

  it("quotes user and host apart", () => {
    expect(account("re'pl", "10.0.0.%")).toBe("'re\\'pl'@'10.0.0.%'");
  });
});

describe("a statement", () => {
  const statement = sql("ALTER USER u IDENTIFIED BY ", secret("password"), sql(" REPLACE ", secret("old")));

  it("prints names in place of secrets", () => {
    expect(print(statement)).toBe("ALTER USER u IDENTIFIED BY <password> REPLACE <old>");
  });

  it("is sent with secrets as quoted literals", () => {
    expect(bind(statement, { password: "it's", old: "" })).toBe(
      "ALTER USER u IDENTIFIED BY 'it\\'s' REPLACE ''",
    );
  });

  it("cannot be sent while a secret is missing", () => {
    expect(() => bind(statement, { password: "x" })).toThrow(new Error('no value for the secret "old"'));
  });

  it("does not tell the other secrets when one is missing", () => {
    expect(() => bind(statement, { password: "hunter2" })).toThrow(
      expect.not.stringContaining("hunter2") as string,
    );
  });

  it("is printed the same whatever the secrets are, and is sent with each of them once", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (password, old) => {
        const sent = bind(statement, { password, old });
        expect(sent).toBe(`ALTER USER u IDENTIFIED BY ${quote(password)} REPLACE ${quote(old)}`);
        expect(print(statement)).toBe("ALTER USER u IDENTIFIED BY <password> REPLACE <old>");
        expect(JSON.stringify(statement)).not.toContain(sent.slice(30));
      }),
    );
  });

  it("is flat, however it was put together", () => {
    expect(sql(sql("a", sql("b")), secret("c")).parts).toEqual(["a", "b", { secret: "c" }]);
  });
});
