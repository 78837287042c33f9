import type { Stage } from "../../../provider/rolling/picture";

/** Short forms: "restart a b", "switch-over a to b|c". */
export function told(stages: readonly Stage[]): string[] {
  return stages.map((stage) => {
    switch (stage.kind) {
      case "bootstrap":
        return `bootstrap ${stage.member}`;
      case "switch-over":
        return `${stage.by === "election" ? "election" : "switch-over"} ${stage.from} to ${stage.candidates.join("|")}`;
      case "group-restart":
        return `group-restart ${stage.running.join(" ")}, joining ${stage.joining.join(" ")}`;
      case "change":
      case "join":
      case "restart":
      case "leave":
        return `${stage.kind} ${stage.members.join(" ")}`;
    }
  });
}

/** The members that a stage stops, starts or changes. */
export function worked(stage: Stage): readonly string[] {
  if (stage.kind === "switch-over") return [];
  if (stage.kind === "bootstrap") return [stage.member];
  if (stage.kind === "group-restart") return [...stage.running, ...stage.joining];
  return stage.members;
}

export function only<K extends Stage["kind"]>(
  stages: readonly Stage[],
  kind: K,
): Extract<Stage, { kind: K }>[] {
  return stages.filter((s): s is Extract<Stage, { kind: K }> => s.kind === kind);
}

/** Most members of a group of so many that may be away at once: a majority stays, and of two one. */
export function bound(members: number): number {
  return Math.max(1, Math.ceil(members / 2) - 1);
}
