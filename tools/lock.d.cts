export function withLock<T>(
  lock: string,
  work: () => T | Promise<T>,
  onWait?: (pid: number) => void,
): Promise<T>;
