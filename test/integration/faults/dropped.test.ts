import type { CutOptions, Moment } from "../../../tools/faults";
import type { Member } from "../../../tools/sandbox";
import { useScene } from "./scene";

/** Set it to drop the connection at every statement to every member, instead of at some to one; takes half an hour. */
const all = process.env["MYSQLGR_EVERY_STATEMENT"] !== undefined;
const scene = useScene({ deploy: all ? [1, 2] : [2] });
const moments: Moment[] = ["before", "during", "after"];

describe("an administrator's connection that is dropped", () => {
  it.each<[Moment, string, CutOptions]>([
    ["during", "STOP GROUP_REPLICATION", {}],
    ["during", "START GROUP_REPLICATION", {}],
    ["before", "START GROUP_REPLICATION", { lasting: true }],
  ])("%s %s (%j)", async (moment, statement, more) => {
    const proxy = scene.proxy(scene.db(2));
    const { cause, failures } = await scene.undergo({
      before: () => void proxy.cut(statement, { moment, ...more }),
      mend: () => proxy.admit(),
    });
    if (more.lasting) expect(failures.filter((failure) => failure)).toHaveLength(1);
    else expect(cause).toBeUndefined();
  });

  const step = all ? 1 : 8;
  const members = all ? [1, 2] : [2];
  it.each(members)(
    all ? "at every statement to db%i" : `at one of ${step} statements to db%i`,
    async (number) => {
      const problems: string[] = [];
      let ended = false;
      for (let n = all ? 1 : 4; !ended; n += step)
        for (const moment of all ? moments : [moments[n % 3]!]) {
          const { text, problem } = await dropAt(scene.db(number), n, moment);
          if (problem !== undefined) problems.push(`${moment} statement ${n}, ${text}: ${problem}`);
          ended = text === undefined;
        }
      expect(problems).toEqual([]);
    },
  );
});

/** What was sent as it dropped, undefined where the deployment had ended before; and what went wrong then. */
async function dropAt(
  member: Member,
  n: number,
  moment: Moment,
): Promise<{ text: string | undefined; problem?: string }> {
  const proxy = scene.proxy(member);
  let text: string | undefined;
  const before = (): void => {
    proxy.forget();
    void proxy.cut(n, { moment }).then((statement) => (text = statement.text.trim().slice(0, 60)));
  };
  try {
    await scene.undergo({ before });
    return { text };
  } catch (error) {
    return { text: text ?? "", problem: (error as Error).message };
  }
}
