import type { EngineEvent, OpMap, Stack, StepEventMetadata } from "@pulumi/pulumi/automation";
import type { Interrupt } from "../example/interrupt";
import { pulumiFailure } from "../example/stack";
import type { Sandbox } from "../sandbox";
import type { Board } from "./board";

export interface Outcome {
  changes: OpMap;
  /** Of Pulumi's run, as a person waits for it. */
  seconds: number;
  /** Of that, from the first resource that was worked on to the end of the last. */
  workSeconds: number;
}

export interface Preview {
  /** What the provider says about the change: a plan with its SQL for each server, and a line for the group. */
  plan: string[];
  /** Lines of Pulumi's output about resources that differ from what is declared. */
  differences: string[];
}

// The plan itself; what is told besides it is progress.
const PLAN = /^(\s|member |account |recovery channel |group\b)/;
// The board shows that by itself.
const SHOWN_ALREADY = /: ONLINE$/;
const VERBS: Partial<Record<string, string>> = { create: "created", update: "updated", delete: "deleted" };

/** Runs Pulumi on the quickstart's stack, and tells on the board what it does. */
export class Deployment {
  constructor(
    private readonly stack: Stack,
    private readonly sandbox: Sandbox,
    private readonly board: Board,
    private readonly interrupt: Interrupt,
  ) {}

  async configure(key: string, value: string): Promise<void> {
    await this.stack.setConfig(key, { value });
  }

  async up(): Promise<Outcome> {
    const started = performance.now();
    const changes: OpMap = {};
    let first: number | undefined;
    let last = started;
    const onEvent = (event: EngineEvent) => {
      Object.assign(changes, event.summaryEvent?.resourceChanges);
      if (verbOf(event.resourcePreEvent?.metadata)) first ??= performance.now();
      if (verbOf(event.resOutputsEvent?.metadata)) last = performance.now();
      this.tell(event);
    };
    this.board.start();
    try {
      await this.ended(this.stack.up({ onEvent, color: "never", ...this.interrupt.option }));
    } finally {
      this.board.stop();
    }
    const seconds = (performance.now() - started) / 1000;
    return { changes, seconds, workSeconds: first === undefined ? 0 : (last - first) / 1000 };
  }

  /** What an `up` would do, or with `refresh`, where the servers differ from what is declared. */
  async preview(refresh = false): Promise<Preview> {
    // By its first line: a preview with a refresh makes the same plan twice.
    const plans = new Map<string, string[]>();
    let current: string[] = [];
    const onEvent = (event: EngineEvent) => {
      const text = this.textOf(event);
      if (text === undefined || !PLAN.test(text)) return;
      if (!/^\s/.test(text)) plans.set(text, (current = []));
      current.push(text);
    };
    const options = { refresh, diff: true, onEvent, color: "never", ...this.interrupt.option } as const;
    const { stdout } = await this.ended(this.stack.preview(options));
    return { plan: [...plans.values()].flat(), differences: differencesIn(stdout) };
  }

  private tell(event: EngineEvent): void {
    const text = this.textOf(event);
    if (text !== undefined && !PLAN.test(text) && !SHOWN_ALREADY.test(text)) this.board.print(text);
    const done = event.resOutputsEvent?.metadata;
    const verb = verbOf(done);
    if (done && verb)
      this.board.print(`${done.type.split(":").at(-1)} ${done.urn.split("::").at(-1)} ${verb}`, "dim");
  }

  /** A line of the provider's, with the servers' names instead of their addresses. */
  private textOf({ diagnosticEvent }: EngineEvent): string | undefined {
    // Debug lines come too, although their severity is not in the type.
    if (!diagnosticEvent || diagnosticEvent.severity !== "info") return undefined;
    const text = diagnosticEvent.message.trimEnd();
    const { members, groupName } = this.sandbox;
    const named = members.reduce(
      (line, { name, host, port }) => line.replaceAll(new RegExp(`\\b${host}:${port}\\b`, "g"), name),
      text.replaceAll(`group ${groupName}`, "group"),
    );
    return named === "" ? undefined : named;
  }

  private ended<T>(command: Promise<T>): Promise<T> {
    const explained = command.catch((error: unknown): never => {
      throw new Error(pulumiFailure(error), { cause: error });
    });
    return this.interrupt.outlast(explained);
  }
}

/** What is done to one of this package's resources; undefined for all else. */
function verbOf(metadata: StepEventMetadata | undefined): string | undefined {
  return metadata?.type.includes(":dynamic/") ? VERBS[metadata.op] : undefined;
}

/** The resources to be updated, each with its changed properties, from the output of `pulumi preview --diff`. */
function differencesIn(output: string): string[] {
  const lines: string[] = [];
  let isInside = false;
  for (const line of output.split("\n")) {
    const header = /^ *[~+-]+ (\S+): \((\w+)\)/.exec(line);
    if (header) isInside = header[2] === "update";
    else if (/^ *--outputs:--/.test(line) || /^\S/.test(line)) isInside = false;
    const urn = /\[urn=.*::(\S+)\]/.exec(line);
    if (!isInside) continue;
    if (header) lines.push(line.trim());
    else if (urn) lines.push(`${lines.pop()} ${urn[1]}`);
    else if (/^ *[~+-] /.test(line)) lines.push(`  ${line.trim().replace(/ +: /, ": ")}`);
  }
  return lines;
}
