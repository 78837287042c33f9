const turns = new Map<string, Promise<unknown>>();

/**
 * A certificate and its key are set by two statements, and another resource that looks at the server in between would take the one
 * without the other. So who sets them and who looks take turns, by server_uuid. Work that is in turn waits for no other turn.
 */
export function inTurn<T>(uuid: string, work: () => Promise<T>): Promise<T> {
  const before = turns.get(uuid) ?? Promise.resolve();
  const mine = before.catch(() => undefined).then(work);
  turns.set(uuid, mine);
  return mine;
}
