import { ProviderError } from "../errors";
import type { Inputs } from "./validation";

/** The engine's key for the serialized stub. */
export const providerKey = "__provider";

/**
 * What was seen of a server is one text in state: as a tree of values it would take the engine and its protocol more time than all
 * questions to the servers. State of earlier releases holds the tree.
 */
export function pack(facts: unknown): string {
  return JSON.stringify(facts);
}

/** State as the resource knows it. */
export function stateIn<State extends { facts: unknown }>(all: Inputs): State {
  const { facts } = all;
  return { ...all, facts: typeof facts === "string" ? (JSON.parse(facts) as unknown) : facts } as State;
}

/** Drift is no declaration: a refresh leaves the text of the last update, unless the server has become another version. */
export function keptOptionFile(before: Inputs, now: Inputs): Inputs {
  const { optionFile, serverVersion } = before;
  return typeof optionFile === "string" && serverVersion === now["serverVersion"] ? { optionFile } : {};
}

/** Stands for a password that is not the declared one: a refresh shows that it differs, and never what it is. */
export const otherPassword = "(another password on the server)";

/** The failure of an operation that left something behind: state keeps what happened. */
export class PartialFailure extends Error {
  readonly reasons: string[];
  readonly properties: Inputs;

  constructor(
    readonly id: string,
    properties: Inputs,
    cause: unknown,
  ) {
    const text = messageOf(cause);
    super(text);
    // With an undefined value in it the engine's plugin never answers, and pulumi up hangs.
    this.properties = JSON.parse(JSON.stringify(properties)) as Inputs;
    this.reasons = [text];
    this.stack = "";
  }
}

export function messageOf(error: unknown): string {
  if (ProviderError.is(error)) return error.message;
  return error instanceof Error ? error.message : String(error);
}

/** The stub of an earlier release is replaced in state by an update that does nothing else. */
export function stubChanged(olds: Inputs, news: Inputs): boolean {
  const was = olds[providerKey];
  const is = news[providerKey];
  return typeof was === "string" && typeof is === "string" && was !== is;
}

/** The engine checks a resource without old inputs where the stack does not have it yet. */
export function isNew(olds: Inputs | undefined): boolean {
  return olds === undefined || olds === null || Object.keys(olds).length === 0;
}

/** The declaration alone: no outputs, nothing undefined, no stub. */
export function declaredIn(all: Inputs, outputs: readonly string[]): Inputs {
  return Object.fromEntries(
    Object.entries(all).filter(
      ([key, value]) =>
        key !== providerKey && !outputs.includes(key) && value !== undefined && value !== null,
    ),
  );
}

export function providerOf(inputs: Inputs): Inputs {
  return providerKey in inputs ? { [providerKey]: inputs[providerKey] } : {};
}

/** Same value, whatever the order of keys. */
export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, v]) => v !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, sorted(v)]),
  );
}

/**
 * What an update that failed leaves in state: the outputs from before. Where everything was taken back, `settledAt` says up to when
 * the server's values are known to be in effect, so that taking them back does not look like a pending change.
 */
export function failureOf(id: string, olds: Inputs, error: unknown): unknown {
  const takenBackAt = (error as { takenBackAt?: unknown }).takenBackAt;
  if (typeof takenBackAt !== "number") return error;
  const { facts } = stateIn<{ facts: Inputs }>(olds);
  return new PartialFailure(id, { ...olds, facts: pack({ ...facts, settledAt: takenBackAt }) }, error);
}
