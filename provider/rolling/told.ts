/** A TLS file of a member, by what it holds. */
export type ToldKind = "certificate" | "ca" | "crl";

/** What a program tells of the content of a member's TLS files. Nothing of it is set on a server. */
export type Told = Readonly<Partial<Record<ToldKind, ToldFile>>>;

export interface ToldFile {
  /** PEM. */
  readonly text: string;
  /** Undefined: whatever path the server has. */
  readonly path: string | undefined;
}

/** By the last deployment, and by this one. */
export interface ToldOf {
  readonly before: Told;
  readonly after: Told;
}

/** What was told first: it is in effect before the change. */
export function bothOf(told: ToldOf | undefined): Told[] {
  return told ? [told.before, told.after] : [];
}

export function isTold(told: Told): boolean {
  return Object.keys(told).length > 0;
}

/** The first text that is told of the file at `path`. */
export function textOf(kind: ToldKind, path: string, told: readonly Told[]): string | undefined {
  if (path === "") return undefined;
  return told.map((each) => each[kind]).find((file) => file && (file.path ?? path) === path)?.text;
}
