import type { ServerFacts } from "../mysql/facts";
import type { Secrets } from "../mysql/sql";
import type { Target } from "../mysql/target";
import type { MemberPlan } from "../plan/group-member";
import type { Step } from "../plan/step";
import type { Wish } from "../plan/wish";
import type { ToldOf } from "./told";

/** How a change of the group may go. Times in seconds. */
export interface Rollout {
  readonly onlineTimeout: number;
  readonly switchoverTimeout: number;
  readonly openTransactions: "keep" | "end";
  readonly maxUnavailable?: number | undefined;
  readonly groupRestart: boolean;
}

/** What one resource wants of one member. */
export interface Job {
  readonly target: Target;
  readonly address: string;
  readonly group: string;
  readonly secrets: Secrets;
  /** Pure: made anew from what the server is when the job's turn comes. */
  readonly plan: (facts: ServerFacts) => MemberPlan;
  /** Deletion: what is reset after the member has left. */
  readonly leave?: (facts: ServerFacts) => readonly Step[];
  readonly bootstrap: boolean;
  /** sslMode as declared, or as it is. */
  readonly sslMode: (facts: ServerFacts) => string;
  readonly seeds: readonly string[];
  /** As declared: a server that has never run Group Replication does not know it yet. */
  readonly localAddress: string;
  readonly stack: "XCOM" | "MYSQL";
  readonly rollout: Rollout;
  /** Variables as they will be; pure. What is not in it stays. */
  readonly declared: (facts: ServerFacts) => Wish;
  /** SHA-256 of the certificate that is to be in memory; undefined where what it shows is not looked at. */
  readonly expectedCertificate?: string | undefined;
  /** What the program tells of the member's TLS files. */
  readonly told?: ToldOf | undefined;
  /** Server time up to which values are known to be in effect. */
  readonly settledAt?: number | undefined;
  /** An earlier deployment has made the first of its two rounds, and left it waiting for the others. */
  readonly between?: boolean | undefined;
  /** Stops with an error before anything is changed, e.g. for another server_uuid than before. */
  readonly verify: (facts: ServerFacts) => void;
}

/** What became of a job. */
export interface JobResult {
  /** As the server was when the job's turn came. */
  readonly before: ServerFacts;
  readonly facts: ServerFacts;
  readonly changed: boolean;
  /** It waits for members that did not come in this deployment: another pulumi up goes on. */
  readonly waits?: boolean | undefined;
}
