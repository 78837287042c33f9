import { unknownValue } from "../plan/wish";
import type { Rollout } from "../rolling/job";
import type { Inputs } from "./validation";

/** What the declaration leaves out, or what is not known yet in a preview, is as the defaults say. */
export function rolloutOf(inputs: Inputs): Rollout {
  const declared = inputs["rollout"] === unknownValue ? {} : ((inputs["rollout"] ?? {}) as Inputs);
  const known = <T>(name: string): T | undefined =>
    declared[name] === unknownValue ? undefined : (declared[name] as T | undefined);
  return {
    onlineTimeout: known<number>("onlineTimeout") ?? 180,
    switchoverTimeout: known<number>("switchoverTimeout") ?? 30,
    openTransactions: known<"keep" | "end">("openTransactions") ?? "keep",
    maxUnavailable: known<number>("maxUnavailable"),
    // Not known yet only in a preview, which shows what may happen; the update knows.
    groupRestart: declared["groupRestart"] === "allow" || declared["groupRestart"] === unknownValue,
  };
}
