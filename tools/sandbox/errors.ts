/** What the sandbox says to a person: no stack trace is needed to understand it. */
export class SandboxError extends Error {
  override readonly name = "SandboxError";
}

export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
