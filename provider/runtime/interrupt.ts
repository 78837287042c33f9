import { subscribe } from "node:diagnostics_channel";

const parent = process.ppid;
/** Elsewhere, in a test for instance, signals are not ours. */
const isPlugin = /dynamic-provider/.test(process.argv[1] ?? "");

/** The engine that started this process is gone: nobody will hear how it ends. */
export function isAbandoned(): boolean {
  return process.ppid !== parent;
}

interface Interruptible {
  readonly busy: boolean;
  interrupt(): void;
}

/**
 * Tells of the user's interrupt. The engine then asks its plugins to cancel, and the SDK's dynamic provider answers that without
 * telling whom it serves, but Node tells of every request. A terminal sends the signal to this process as well.
 */
export function onInterrupt(work: Interruptible): void {
  if (!isPlugin) return;
  subscribe("http2.server.stream.start", (message) => {
    const { headers } = message as { headers?: Record<string, unknown> };
    if (String(headers?.[":path"]).endsWith("ResourceProvider/Cancel")) work.interrupt();
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const listener = (): void => {
      if (work.busy) return work.interrupt();
      process.removeListener(signal, listener);
      process.kill(process.pid, signal);
    };
    process.on(signal, listener);
  }
  setInterval(() => {
    if (isAbandoned() && !work.busy) process.exit(1);
  }, 1000).unref();
}
