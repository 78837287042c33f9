import fc from "fast-check";
import { type Variable, canonical, existsOn, variables } from "../../../provider/mysql/catalogue";
import type { SeenVariable } from "../../../provider/plan/view";
import { memberProperties, variableOf } from "../../../provider/plan/wish";

/** Variables that a GroupMember may declare on `version`: its properties, and what `variables` takes. */
export function declarable(version: string): Variable[] {
  const named = memberProperties.map(variableOf);
  const free = variables().filter(
    (v) =>
      v.category === "group_replication" &&
      v.dynamic !== false &&
      !v.neverPersist &&
      v.renamedTo === undefined &&
      !v.name.startsWith("group_replication_recovery_"),
  );
  return [...new Set([...named, ...free])].filter((v) => existsOn(v, version));
}

const hostile = ["it's", "back\\slash", "a;b -- c", "naïve €", "😀", 'quo"te', "%s", "$&"];

/** A legal value in the server's own spelling; never the empty string where that would mean NULL. */
export function valueFor(v: Variable): fc.Arbitrary<string> {
  switch (v.type) {
    case "boolean":
      return fc.constantFrom("ON", "OFF");
    case "enum":
      return fc.constantFrom(...(v.values ?? [""]));
    case "integer":
      return fc.bigInt({ min: BigInt(v.min ?? 0), max: BigInt(v.max ?? 1000) }).map((n) => String(n));
    case "path":
      return fc.constantFrom(...hostile).map((name) => `/etc/mysql/${name}.pem`);
    case "string":
      return /_name$|_uuid$/.test(v.name)
        ? fc.uuid()
        : fc.integer({ min: 1024, max: 65535 }).map((port) => `db1:${port}`);
    case "list":
      if (/tls_version$/.test(v.name)) return fc.constantFrom("TLSv1.2", "TLSv1.3", "TLSv1.2,TLSv1.3");
      return fc.constantFrom("alpha", "beta", "gamma").map((item) => canonical(v, item));
  }
}

/** Live and perhaps persisted, alike or not. */
export function seenFor(v: Variable): fc.Arbitrary<SeenVariable> {
  return fc
    .record({ value: valueFor(v), other: valueFor(v), how: fc.integer({ min: 0, max: 3 }) })
    .map(({ value, other, how }): SeenVariable => {
      if (how === 0) return { value };
      if (how === 1) return { value, fleeting: true };
      return { value, persisted: how === 2 ? value : other };
    });
}
