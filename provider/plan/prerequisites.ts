import { canonical, existsOn, variables } from "../mysql/catalogue";
import { type ServerFacts, valueOf } from "../mysql/facts";

export interface Unmet {
  readonly problem: string;
  /** For the [mysqld] section of the option file. */
  readonly line: string;
}

/** What Group Replication needs of the server, and START would refuse one at a time. */
export function unmetPrerequisites(facts: ServerFacts): Unmet[] {
  const unmet = variables()
    .filter((v) => v.required !== undefined && /^\S+$/.test(v.required) && existsOn(v, facts.version))
    // Only with parallel appliers, which are the default where this default is ON as well.
    .filter((v) => !/preserve_commit_order/.test(v.name))
    .filter((v) => facts.variables[v.name] !== undefined)
    // From 8.0.26 some have two names at once.
    .filter((v) => v.name !== "log_slave_updates" || facts.variables["log_replica_updates"] === undefined)
    .filter((v) => canonical(v, valueOf(facts, v.name)) !== canonical(v, v.required!))
    .map((v) => ({
      problem: `${v.name} is ${valueOf(facts, v.name) || "''"}, and must be ${v.required}`,
      line: `${v.name.replace(/_/g, "-")}=${v.required}`,
    }));
  if (valueOf(facts, "server_id") === "0")
    unmet.push({ problem: "server_id is 0, and must be set", line: "server-id=<a number of its own>" });
  return unmet;
}
