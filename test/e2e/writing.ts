import { startWriter, type Member, type Sandbox, type WriterReport } from "../../tools/sandbox";
import { electionsOf, startsOf } from "./servers";

export interface Change<T> {
  result: T;
  /** Members in the order in which Group Replication was started again on them. */
  starts: string[];
  /** Whom the group elected, one after the other. */
  elections: string[];
  writer: WriterReport;
}

/**
 * Does `work` while a client writes a row every few milliseconds, and proves that every row whose commit was confirmed
 * is on every member afterwards, or on those that are `staying`.
 */
export async function whileWriting<T>(
  sandbox: Sandbox,
  work: () => Promise<T>,
  staying: readonly Member[] = sandbox.members,
): Promise<Change<T>> {
  const writer = await startWriter(sandbox.members);
  const since = Date.now();
  try {
    const result = await work();
    const report = await writer.stop();
    const checks = await writer.verify(staying);
    expect(checks).toEqual(
      staying.map(({ name }) => ({ member: name, found: report.acknowledged, missing: 0 })),
    );
    return {
      result,
      starts: await startsOf(sandbox, since),
      elections: await electionsOf(sandbox, since),
      writer: report,
    };
  } finally {
    await writer.stop();
  }
}
