import { lookFailure } from "../mysql/observe";
import type { Handle } from "./handle";

/** All of them are awaited, so that none is still at work when the first failure is told. */
export async function inParallel(
  handles: readonly Handle[],
  work: (h: Handle) => Promise<void>,
): Promise<void> {
  const outcomes = await Promise.allSettled(
    handles.map((h) =>
      work(h).catch((error: unknown) => {
        h.failure = lookFailure(error);
        throw h.failure;
      }),
    ),
  );
  const failed = outcomes.find((o) => o.status === "rejected");
  if (failed) throw failed.reason;
}

/** Lets nobody pass before all have come, whether well or not; all get what `last`, done once then, answers. */
export function gate<T = void>(count: number, last?: () => Promise<T>): () => Promise<T> {
  let missing = count;
  let open: (answer: T | PromiseLike<T>) => void = () => undefined;
  const opened = new Promise<T>((resolve) => (open = resolve));
  return () => {
    missing -= 1;
    if (missing <= 0) open(last ? last() : (undefined as T));
    return opened;
  };
}
