import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createContext, runInContext, runInNewContext } from "node:vm";
import ts from "typescript";

type Method = (...args: unknown[]) => Promise<unknown>;
type Provider = Record<string, Method>;

/** The module as a release holds it: compiled by tsc with the settings of the build. */
const compiled = ts.transpileModule(readFileSync(join(__dirname, "../../provider/stub.ts"), "utf8"), {
  compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.CommonJS },
}).outputText;
const stub: Record<string, Provider> = {};
runInNewContext(compiled, {
  exports: stub,
  require: () => {
    throw new Error("the stub needs something when it is loaded");
  },
});

const resources: [provider: string, resource: string][] = [
  ["groupMemberProvider", "groupMember"],
  ["recoveryChannelProvider", "recoveryChannel"],
  ["replicationUserProvider", "replicationUser"],
  ["replicationChannelProvider", "replicationChannel"],
  ["certificateAuthorityProvider", "certificateAuthority"],
  ["certificateProvider", "certificate"],
  ["revocationListProvider", "revocationList"],
  ["certificateFilesProvider", "certificateFiles"],
];
const signatures: [method: string, parameters: string[], passed?: string][] = [
  ["configure", ["req"]],
  ["check", ["olds", "news"]],
  ["diff", ["id", "olds", "news"]],
  ["create", ["inputs"]],
  ["read", ["id", "props"], "id, props ?? {}"],
  ["update", ["id", "olds", "news"]],
  ["delete", ["id", "props"]],
];
const methods = resources.flatMap(([provider, resource]) =>
  signatures.map(([method, parameters, passed]) => [provider, method, parameters, resource, passed] as const),
);

describe("the stub that every resource's state holds", () => {
  it("has a provider a resource, and each of them the engine's methods and no others", () => {
    expect(Object.keys(stub).sort()).toEqual(resources.map(([provider]) => provider).sort());
    for (const [provider] of resources)
      expect(Object.keys(stub[provider]!)).toEqual(signatures.map(([method]) => method));
  });

  // State of any age holds this text: a change of it is an update of every resource of every user.
  it.each(methods)("%s.%s is the same text as ever", (provider, method, parameters, resource, passed) => {
    const target = method === "configure" ? "configure" : `${resource}.${method}`;
    const list = parameters.join(", ");
    expect(String(stub[provider]![method]).replace(/\s+/g, " ")).toBe(
      `async (${list}) => require("pulumi-mysql-group-replication/runtime").${target}(${passed ?? list})`,
    );
  });

  it.each(methods)(
    "%s.%s captures nothing: it needs require, and passes its arguments on",
    async (provider, method, parameters, resource) => {
      const calls: unknown[] = [];
      const answer = (...args: unknown[]): unknown => {
        calls.push(args);
        return { done: true };
      };
      const required: string[] = [];
      const runtime = method === "configure" ? { configure: answer } : { [resource]: { [method]: answer } };
      const alone = createContext({
        require: (name: string) => {
          required.push(name);
          return runtime;
        },
      });
      const args = parameters.map((name) => ({ name }));
      const run = runInContext(`(${String(stub[provider]![method])})`, alone) as Method;
      expect(await run(...args)).toEqual({ done: true });
      expect(calls).toEqual([args]);
      expect(required).toEqual(["pulumi-mysql-group-replication/runtime"]);
    },
  );

  it("is short", () => {
    for (const [provider] of resources)
      expect(Object.values(stub[provider]!).map(String).join("\n").length).toBeLessThan(1000);
  });

  it("asks for a subpath that the package exports, and for what the runtime has", () => {
    const { name, exports } = JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8"));
    expect(name).toBe("pulumi-mysql-group-replication");
    expect(exports["./runtime"].default).toBe("./dist/runtime/index.js");
    const runtime = jest.requireActual<Record<string, unknown>>("../../provider/runtime");
    expect(typeof runtime["configure"]).toBe("function");
    for (const [, resource] of resources)
      for (const [method] of signatures.filter(([m]) => m !== "configure"))
        expect(typeof (runtime[resource] as Provider)[method]).toBe("function");
  });
});
