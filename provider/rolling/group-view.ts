import { type MemberFact, type ServerFacts, isOnline } from "../mysql/facts";
import { type SeenMember, seenMembers } from "../mysql/membership";
import type { Session } from "../mysql/session";
import type { Handle } from "./handle";
import { type Peer, mayProbe, peerOf } from "./proof";
import type { ProvenPairs } from "./start-proof";

/** A member of the group that no job of this batch concerns: it only testifies. */
export interface Witness {
  readonly session: Session;
  readonly facts: ServerFacts;
}

/** Everybody else who was in the group when the deployment looked first, also where there is no login to them. */
export type Stranger = Pick<MemberFact, "id" | "host" | "port" | "state">;

/** What one member says of the group. */
export interface Testimony {
  readonly address: string;
  readonly id: string;
  readonly members: readonly SeenMember[];
}

export type Silent = Omit<Testimony, "members">;

export interface Answers {
  readonly told: Testimony[];
  readonly silent: Silent[];
}

/** Seconds that a witness has to answer in; one that is frozen must not hold up a decision. */
const answerTime = 5;

/** The members of one batch and the witnesses beside them: who can be asked what. */
export class GroupView {
  constructor(
    readonly group: string,
    readonly handles: ReadonlyMap<string, Handle>,
    readonly witnesses: readonly Witness[],
    private readonly strangers: readonly Stranger[],
    readonly say: (line: string) => void,
    /** The user wants no further member to be begun. */
    readonly interrupted: () => boolean,
    readonly pairs: ProvenPairs,
    /** Members of the deployment that ran in the group when state was written: addresses by server_uuid. */
    private readonly ran: ReadonlyMap<string, string>,
  ) {}

  get all(): readonly Handle[] {
    return [...this.handles.values()];
  }

  pick(ids: readonly string[]): Handle[] {
    return ids.map((id) => this.handles.get(id)!);
  }

  /** A member that may open channels: the primary, or any where all take writes. */
  prober(): Witness | undefined {
    return [...this.all, ...this.witnesses].find((m) => isOnline(m.facts) && mayProbe(m.facts));
  }

  donorsOf(h: Handle): Peer[] {
    const handles = this.all.filter((o) => o !== h && isOnline(o.facts) && o.job.leave === undefined);
    const witnesses = this.witnesses.filter((w) => isOnline(w.facts));
    return [...handles.map((o) => peerOf(o.facts)), ...witnesses.map((w) => peerOf(w.facts))];
  }

  /** Who should be ONLINE as far as this deployment knows. */
  expected(): { id: string; address: string }[] {
    return [
      ...this.all.filter((h) => isOnline(h.facts)).map(({ id, address }) => ({ id, address })),
      ...this.strangers
        .filter((m) => m.state === "ONLINE")
        .map((m) => ({ id: m.id, address: `${m.host}:${m.port}` })),
    ];
  }

  /** Members of the deployment that nobody sees in the group any more, and of whom no job is here yet that would start them. */
  goneFrom(members: readonly SeenMember[]): string[] {
    const gone = [...this.ran].filter(([id]) => !this.handles.has(id) && members.every((m) => m.id !== id));
    return gone.map(([, address]) => address);
  }

  /** What those that are ONLINE say of the group, but for the ones named; who does not answer is not among them. */
  async testimonies(except: readonly Handle[] = []): Promise<Testimony[]> {
    return (await this.ask(except)).told;
  }

  /** The same, and who did not answer: its server may be dead seconds before the group knows. */
  async ask(except: readonly Handle[] = []): Promise<Answers> {
    const handles = this.all.filter((h) => !except.includes(h) && isOnline(h.facts));
    const witnesses = this.witnesses.filter((w) => isOnline(w.facts));
    const asked = [
      ...handles.map((h) => ({
        id: h.id,
        address: h.address,
        answer: h.send((s) => seenMembers(s, answerTime)),
      })),
      ...witnesses.map(({ session, facts }) => ({
        id: facts.uuid,
        address: facts.address,
        answer: seenMembers(session, answerTime),
      })),
    ];
    const told: Testimony[] = [];
    const silent: Silent[] = [];
    for (const { id, address, answer } of asked)
      await answer.then(
        (members) => told.push({ id, address, members }),
        () => silent.push({ id, address }),
      );
    return { told, silent };
  }

  anyOnline(): Session | undefined {
    const handle = this.all.find((h) => isOnline(h.facts) && !h.session.closed);
    return handle?.session ?? this.witnesses.find((w) => isOnline(w.facts))?.session;
  }

  sessionOf(id: string): Session | undefined {
    return this.handles.get(id)?.session ?? this.witnesses.find((w) => w.facts.uuid === id)?.session;
  }

  versionOf(id: string): string {
    return (this.handles.get(id) ?? this.witnesses.find((w) => w.facts.uuid === id))!.facts.version;
  }
}
