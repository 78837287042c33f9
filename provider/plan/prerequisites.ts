import { NotReadyError } from "../errors";
import { type Variable, canonical, existsOn, requiredOn, variables } from "../mysql/catalogue";
import { type ServerFacts, valueOf } from "../mysql/facts";

export interface Unmet {
  readonly problem: string;
  /** For the [mysqld] section of the option file. */
  readonly line: string;
}

/** What Group Replication needs of the server, and START would refuse one at a time. */
export function unmetPrerequisites(facts: ServerFacts): Unmet[] {
  const required = (v: Variable): string | undefined => requiredOn(v, facts.version);
  const unmet = variables()
    .filter((v) => required(v) !== undefined && existsOn(v, facts.version))
    .filter((v) => facts.variables[v.name] !== undefined)
    // From 8.0.26 some have two names at once.
    .filter(
      (v) => facts.variables[v.name.replace("slave", "replica")] === undefined || !v.name.includes("slave"),
    )
    // Without parallel appliers there is no order to preserve.
    .filter(
      (v) => v.name !== "replica_preserve_commit_order" || valueOf(facts, "replica_parallel_workers") !== "0",
    )
    .filter((v) => canonical(v, valueOf(facts, v.name)) !== canonical(v, required(v)!))
    .map((v) => ({
      problem: `${v.name} is ${valueOf(facts, v.name) || "''"}, and must be ${required(v)}`,
      line: v.name === "log_bin" ? "log-bin" : `${v.name.replace(/_/g, "-")}=${required(v)}`,
    }));
  if (valueOf(facts, "server_id") === "0")
    unmet.push({ problem: "server_id is 0, and must be set", line: "server-id=<a number of its own>" });
  return unmet;
}

/** All that is missing at once, also where the plugin is: without a server_id it does not even load. */
export function requirePrerequisites(facts: ServerFacts, installPlugin: boolean): void {
  const unmet = unmetPrerequisites(facts);
  if (unmet.length === 0) return;
  const plugin =
    facts.plugins["group_replication"] === undefined && !installPlugin
      ? ["the group_replication plugin is not loaded"]
      : [];
  throw new NotReadyError(facts.address, "is not ready for Group Replication", {
    why: [...unmet.map((u) => u.problem), ...plugin].join("; "),
    todo: `add to its option file and restart the server:\n[mysqld]\n${unmet.map((u) => u.line).join("\n")}`,
  });
}
