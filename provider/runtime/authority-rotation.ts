import { type KeyObject, createPrivateKey } from "node:crypto";
import { type Issuer, readIssuer } from "../certificates/issuer";
import { keyPem } from "../certificates/pem";
import {
  type Decision,
  type Held,
  type Phase,
  type Rotation,
  type RotationWish,
  decide,
  phases,
  stepOf,
} from "../certificates/rotation";
import { askUsers } from "./authority-users";
import { numberIn } from "./certificate-material";
import { type ConnectionInputs, sayOnce } from "./context";
import { pack, stateIn } from "./lifecycle";
import type { Inputs } from "./validation";

/** A CA that this resource has made. */
export interface Made {
  readonly pem: string;
  readonly key: KeyObject;
}

export const rotationOutputs = [
  "rotationPhase",
  "rotationWaitsFor",
  "rotatingCertificate",
  "rotatingPrivateKey",
  "facts",
];

type Facts = Pick<Rotation, "count" | "named">;

/** State of earlier releases knows of no rotation. */
export function rotationIn(state: Inputs): Rotation {
  const phase = numberIn(state, "rotationPhase", 0) as Phase;
  const { facts } = stateIn<{ facts: Facts | undefined }>(state);
  return { ...(facts ?? { count: wishIn(state).count, named: {} }), phase };
}

export function wishIn(inputs: Inputs): RotationWish {
  const { renewedFiles } = inputs as { renewedFiles?: string[] };
  return { count: numberIn(inputs, "rotation", 0), vouched: renewedFiles ?? [] };
}

export function heldIn(state: Inputs): Held<Made> {
  const part = (certificate: string, privateKey: string): Made => ({
    pem: String(state[certificate]),
    key: createPrivateKey(String(state[privateKey])),
  });
  const signs = part("certificate", "privateKey");
  if (rotationIn(state).phase === 0) return { signs };
  return { signs, other: part("rotatingCertificate", "rotatingPrivateKey") };
}

/**
 * Where the rotation goes from here. Whatever was decided and got lost, as the engine was killed before it kept it, is decided again: in
 * the first phase with another new key, which nobody has seen yet, and later from the same state with the same keys.
 */
export async function decisionOn(state: Inputs, inputs: Inputs): Promise<Decision> {
  const [now, wish] = [rotationIn(state), wishIn(inputs)];
  const asks = ["begin", "go on"].includes(stepOf(now, wish));
  const seen = asks ? await askUsers(usersIn(inputs), now.phase, issuersIn(state)) : [];
  return decide(now, wish, seen);
}

function usersIn(inputs: Inputs): ConnectionInputs[] {
  return (inputs["usedBy"] ?? []) as ConnectionInputs[];
}

function issuersIn(state: Inputs): Held<Issuer> {
  const { signs, other } = heldIn(state);
  const trustBundle = String(state["trustBundle"]);
  const read = ({ pem, key }: Made): Issuer =>
    readIssuer({ certificate: pem, privateKey: keyPem(key, "PKCS8"), trustBundle }, "certificate");
  return { signs: read(signs), ...(other ? { other: read(other) } : {}) };
}

const entered: Readonly<Record<Phase, string>> = {
  1: "a new key and certificate are made; trustBundle holds the old CA and the new one; the old one still signs",
  2: "the new CA signs, and all that the old one has signed is made anew; trustBundle holds both",
  0: "trustBundle holds the new CA alone; the old one and its key are forgotten",
};

/** The words for preview, and for an update that finds another state than the preview did. */
export function sayRotation(what: string, before: Rotation, { next, waitsFor }: Decision): void {
  sayOnce(`rotation of ${what}`, [`${what}: ${wordsFor(before, next, waitsFor)}`]);
}

function wordsFor(before: Rotation, next: Rotation, waitsFor: readonly string[]): string {
  if (waitsFor.length > 0)
    return `stays in phase ${before.phase} of ${phases}: ${waitsFor.join("; ")}; the next pulumi up looks again`;
  if (next.count < before.count)
    return "the rotation is given up; trustBundle holds the old CA alone; the new one and its key are forgotten";
  return `phase ${next.phase === 0 ? phases : next.phase} of ${phases}: ${entered[next.phase]}`;
}

/** What state and program get of it. Always there: an output that is missing counts as unknown in a preview. */
export function rotationOutputsOf({ next, waitsFor }: Decision, { other }: Held<Made>): Inputs {
  return {
    rotationPhase: next.phase,
    rotationWaitsFor: [...waitsFor],
    rotatingCertificate: other?.pem ?? "",
    rotatingPrivateKey: other ? keyPem(other.key, "PKCS8") : "",
    facts: pack({ count: next.count, named: next.named } satisfies Facts),
  };
}

/** No rotation, of a CA that has been rotated so often. */
export function atRest(count: number): Decision {
  return { next: { count, phase: 0, named: {} }, waitsFor: [] };
}
