const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Does `work`; if this process is told to end meanwhile, `cleanUp` runs first. It is synchronous,
 * so that nothing of `work` goes on while it runs.
 */
export async function cleaningUp<T>(cleanUp: () => void, work: () => Promise<T>): Promise<T> {
  const handle = (signal: NodeJS.Signals) => {
    // The listeners stay meanwhile, so that a second signal does not cut this short.
    cleanUp();
    release();
    // With no listener left the signal ends the process as its sender expects.
    process.kill(process.pid, signal);
  };
  const release = () => SIGNALS.forEach((signal) => process.off(signal, handle));
  SIGNALS.forEach((signal) => process.on(signal, handle));
  try {
    return await work();
  } finally {
    release();
  }
}
