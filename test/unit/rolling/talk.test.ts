import { NotReadyError } from "../../../provider/errors";
import { type Speaker, requireTalk, silenceOf } from "../../../provider/rolling/talk";
import type { TlsMember } from "../../../provider/tls/rules";
import { thrownBy, version } from "../builders";

const takes = (...protocols: string[]): TlsMember => ({ version, protocols });
const [old, both, now] = [takes("TLSv1.2"), takes("TLSv1.2", "TLSv1.3"), takes("TLSv1.3")];

/** Without a job, unless it is given what it takes next. */
function speaker(id: string, takesNow: TlsMember | undefined, ...next: TlsMember[]): Speaker {
  const hasJob = next.length > 0;
  return { id, address: `${id}:3306`, now: takesNow, next, hasJob, patient: next.length > 1 };
}

describe("silenceOf", () => {
  it.each([
    ["nobody, where it takes both first", speaker("db1", old, both, now), undefined],
    ["one that has not changed yet", speaker("db1", both, now), "db2:3306"],
    ["nobody, where it does not start", speaker("db1", both), undefined],
  ])("names %s", (_, s, other) => {
    const all = [s, speaker("db2", old, both, now), speaker("db3", both, now)];
    expect(silenceOf(s, all)?.other).toBe(other);
  });

  it("takes one that does not run, or of which nothing is known, for no hindrance", () => {
    const joiner = speaker("db1", undefined, now);
    expect(silenceOf(joiner, [joiner, speaker("db2", undefined)])).toBeUndefined();
  });
});

describe("requireTalk", () => {
  it.each<[string, Speaker[]]>([
    ["all take both first", [speaker("db1", old, both, now), speaker("db2", old, both, now)]],
    ["a joiner waits for that", [speaker("db1", old, both, now), speaker("db2", undefined, now)]],
    [
      "one has to come before the other",
      [speaker("db1", both, now), speaker("db2", old, both), speaker("db3", both)],
    ],
    [
      "the one that could not talk leaves",
      [speaker("db1", both, now), { ...speaker("db2", old), hasJob: true, leaves: true }],
    ],
    [
      "others may come later, and the first round can be made",
      [speaker("db1", old, both, now), speaker("db2", old)],
    ],
    [
      "the first round was made before, and the others may come",
      [{ ...speaker("db1", both, now), patient: true }, speaker("db2", old)],
    ],
  ])("lets go on where %s", (_, all) => {
    expect(() => requireTalk(all)).not.toThrow();
  });

  it("waits for one that is announced and has not come yet", () => {
    const all = [speaker("db1", both, now), speaker("db2", old)];
    expect(() => requireTalk(all, { coming: new Set(["db2:3306"]), still: new Set() })).not.toThrow();
  });

  it("refuses two that are declared so that they have nothing in common", () => {
    const error = thrownBy(() => requireTalk([speaker("db1", both, old), speaker("db2", both, now)]));
    expect(error).toBeInstanceOf(NotReadyError);
    expect((error as Error).message).toBe(
      `[GR005] db2:3306 and db1:3306 could not talk to each other any more
Why: no protocol in common: TLSv1.3 on the one, TLSv1.2 on the other
Left: nothing was changed
Do: declare tlsVersion and tlsCiphersuites of the two so that they have something in common`,
    );
  });

  const outside = `[GR005] db1:3306 and db2:3306 could not talk to each other any more
Why: no protocol in common: TLSv1.3 on the one, TLSv1.2 on the other
Left: nothing was changed
Do: this deployment does not change db2:3306: declare tlsVersion and tlsCiphersuites there as well, and let both change in one pulumi up (without --target, without --parallel 1); or declare here what it can talk to`;

  it("refuses what a member could not take that this deployment does not change", () => {
    const all = [speaker("db1", both, now), speaker("db2", old), speaker("db3", both, now)];
    expect((thrownBy(() => requireTalk(all)) as Error).message).toBe(outside);
  });

  it("refuses two rounds where the deployment has looked at a member and will not change it", () => {
    const all = [speaker("db1", old, both, now), speaker("db2", old)];
    const error = thrownBy(() => requireTalk(all, { coming: new Set(), still: new Set(["db2:3306"]) }));
    expect((error as Error).message).toBe(outside);
  });

  it("refuses a joiner that nobody could talk to", () => {
    const all = [speaker("db1", undefined, now), speaker("db2", old)];
    expect((thrownBy(() => requireTalk(all)) as Error).message).toBe(outside);
  });
});
