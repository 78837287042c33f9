/** An error of the provider, as Pulumi prints it. */
export interface Message {
  readonly code: string;
  readonly text: string;
}

const PART = /^(Why|Left|Do): /;

/** Each message once: Pulumi tells its first line when it happens, and all of it in the end. */
export function messagesIn(output: string): Message[] {
  const lines = output
    .slice(output.indexOf("\nDiagnostics:"))
    .split("\n")
    .map((line) => line.replace(/^[\s*]+/, ""));
  const found = new Map<string, Message>();
  for (const [i, line] of lines.entries()) {
    const match = /\[(GR\d{3})\] .*/.exec(line);
    if (!match) continue;
    const rest: string[] = [];
    for (const next of lines.slice(i + 1)) {
      if (!PART.test(next)) break;
      rest.push(next);
    }
    const text = [match[0], ...rest].join("\n");
    found.set(text, { code: match[1]!, text });
  }
  return [...found.values()];
}

/** What is wrong with how a failed deployment tells of it. */
export function complaints(output: string, names: readonly string[]): string[] {
  const messages = messagesIn(output);
  if (messages.length === 0 && !isFailedCheck(output) && !isCancelledBetween(output))
    return ["a deployment failed without a message of the provider"];
  return messages.flatMap(({ code, text }) => [
    ...(names.some((name) => text.includes(name))
      ? []
      : [`${code} names neither a server nor the group: ${text}`]),
    ...(/^Do: /m.test(text) ? [] : [`${code} does not say what to do: ${text}`]),
  ]);
}

/** A declaration that is wrong in itself is refused by Pulumi with the property's path. */
function isFailedCheck(output: string): boolean {
  return / resource '\S+'.* has a problem: /.test(output);
}

/** Interrupted while nothing was being changed, or with all that was begun finished: what there is to say the engine has said. */
function isCancelledBetween(output: string): boolean {
  const named = (pattern: RegExp): string[] => [...output.matchAll(pattern)].map((match) => match[1]!);
  const done = new Set(named(/ (\S+) (?:updated|created|deleted) \(/g));
  const begun = named(/ (\S+) (?:updating|creating|deleting) \(/g);
  return /error: update canceled/.test(output) && begun.every((name) => done.has(name));
}

export function leaksIn(text: string, secrets: readonly string[]): boolean {
  return secrets.some((secret) => text.includes(secret));
}
