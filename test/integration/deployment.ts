import { ProviderError } from "../../provider/errors";
import type { ResourceRuntime } from "../../provider/runtime";

export type Inputs = Record<string, unknown>;

/** A resource in state: what the engine keeps between two deployments. */
export interface Deployed {
  readonly runtime: ResourceRuntime;
  readonly id: string;
  readonly inputs: Inputs;
  readonly outs: Inputs;
}

/** As the engine makes a resource: check, then create. */
export async function create(runtime: ResourceRuntime, news: Inputs): Promise<Deployed> {
  const inputs = await checked(runtime, {}, news);
  const { id, outs } = await runtime.create(inputs);
  return { runtime, id, inputs, outs };
}

/** As the engine changes one: check, diff, then update where there is a difference. */
export async function update(old: Deployed, edit: Inputs): Promise<Deployed> {
  return (await planned(old, edit))();
}

/** Check and diff; what it returns is the update. */
export async function planned(old: Deployed, edit: Inputs): Promise<() => Promise<Deployed>> {
  const inputs = await checked(old.runtime, old.inputs, { ...old.inputs, ...edit });
  const { changes } = await old.runtime.diff(old.id, old.outs, inputs);
  return async () => {
    if (!changes) return { ...old, inputs };
    const { outs } = await old.runtime.update(old.id, old.outs, inputs);
    return { ...old, inputs, outs };
  };
}

/** `pulumi refresh`: state is what the server is. */
export async function refreshed(old: Deployed): Promise<Deployed> {
  const { props } = await old.runtime.read(old.id, old.outs);
  return { ...old, outs: props };
}

async function checked(runtime: ResourceRuntime, olds: Inputs, news: Inputs): Promise<Inputs> {
  const { inputs, failures } = await runtime.check(olds, news);
  if (failures.length > 0) throw new Error(`check: ${JSON.stringify(failures)}`);
  return inputs;
}

/** One deployment that changes several resources at once: what became of each, and state afterwards. */
export async function updateAll(
  olds: readonly Deployed[],
  edit: Inputs | ((index: number) => Inputs),
): Promise<{ failures: (Failure | undefined)[]; after: Deployed[] }> {
  const editOf = typeof edit === "function" ? edit : (): Inputs => edit;
  return ended(olds, await Promise.all(olds.map((old, i) => settled(update(old, editOf(i))))));
}

/** As `pulumi up --parallel` does it: one check and diff after the other, each when the update before it has found its turn. */
export async function updateAllInTurns(
  olds: readonly Deployed[],
  edit: Inputs,
  parallel: number,
): Promise<{ failures: (Failure | undefined)[]; after: Deployed[] }> {
  const running = new Set<Promise<unknown>>();
  const outcomes: Promise<Outcome>[] = [];
  for (const old of olds) {
    const work = await planned(old, edit);
    while (running.size >= parallel) await Promise.race(running);
    const outcome = settled(work());
    outcomes.push(outcome);
    running.add(outcome);
    void outcome.then(() => running.delete(outcome));
  }
  return ended(olds, await Promise.all(outcomes));
}

type Outcome = { after: Deployed } | { failure: Failure };

function settled(work: Promise<Deployed>): Promise<Outcome> {
  return work.then(
    (after) => ({ after }),
    (error: unknown) => ({ failure: failureOf(error) }),
  );
}

function ended(
  olds: readonly Deployed[],
  outcomes: readonly Outcome[],
): { failures: (Failure | undefined)[]; after: Deployed[] } {
  return {
    failures: outcomes.map((o) => ("failure" in o ? o.failure : undefined)),
    after: outcomes.map((o, i) => {
      if ("after" in o) return o.after;
      const old = olds[i]!;
      return o.failure.outs ? { ...old, outs: o.failure.outs } : old;
    }),
  };
}

/** A refusal, taken apart. */
export interface Failure {
  code: string;
  /** Of the class; PartialFailure where state keeps what happened. */
  name: string;
  what: string;
  why: string;
  left: string;
  todo: string;
  message: string;
  /** State after a failure that changed it. */
  outs?: Inputs;
}

/** What `work` failed with; it must fail with an error of this package, or with one that wraps it. */
export async function failure(work: Promise<unknown> | (() => Promise<unknown>)): Promise<Failure> {
  try {
    await (typeof work === "function" ? work() : work);
  } catch (error) {
    return failureOf(error);
  }
  throw new Error("it was not refused");
}

export function failureOf(error: unknown): Failure {
  const { name, message } = error as Error;
  const [, code, text] = /^\[(GR\d{3})\] (.*)$/s.exec(message) ?? [];
  if (code === undefined || text === undefined) throw error;
  if (ProviderError.is(error)) expect(error.code).toBe(code);
  const [what, ...parts] = text.split(/\n(?=(?:Why|Left|Do): )/);
  const part = (title: string): string =>
    parts.find((p) => p.startsWith(`${title}: `))?.slice(title.length + 2) ?? "";
  const outs = (error as { properties?: Inputs }).properties;
  return {
    code,
    name: name === "Error" ? (error as object).constructor.name : name,
    what: what!,
    why: part("Why"),
    left: part("Left"),
    todo: part("Do"),
    message,
    ...(outs === undefined ? {} : { outs }),
  };
}
