import { type ServerFacts, isOnline } from "../mysql/facts";
import { seenMembers } from "../mysql/membership";
import type { Session } from "../mysql/session";
import type { Handle } from "./handle";
import { type Peer, mayProbe, peerOf } from "./proof";

/** A member of the group that no job of this batch concerns: it only testifies. */
export interface Witness {
  readonly session: Session;
  readonly facts: ServerFacts;
}

/** The members of one batch and the witnesses beside them: who can be asked what. */
export class GroupView {
  constructor(
    readonly group: string,
    readonly handles: ReadonlyMap<string, Handle>,
    readonly witnesses: readonly Witness[],
  ) {}

  get all(): readonly Handle[] {
    return [...this.handles.values()];
  }

  /** A member that may open channels: the primary, or any where all take writes. */
  prober(): Witness | undefined {
    return [...this.all, ...this.witnesses].find((m) => isOnline(m.facts) && mayProbe(m.facts));
  }

  donorsOf(h: Handle): Peer[] {
    const handles = [...this.handles.values()].filter(
      (o) => o !== h && isOnline(o.facts) && o.job.leave === undefined,
    );
    const witnesses = this.witnesses.filter((w) => isOnline(w.facts));
    return [...handles.map((o) => peerOf(o.facts)), ...witnesses.map((w) => peerOf(w.facts))];
  }

  sessionsOnline(except: Handle): Session[] {
    const handles = [...this.handles.values()].filter((o) => o !== except && isOnline(o.facts));
    return [
      ...handles.map((o) => o.session),
      ...this.witnesses.filter((w) => isOnline(w.facts)).map((w) => w.session),
    ];
  }

  anyOnline(): Session | undefined {
    const handle = [...this.handles.values()].find((h) => isOnline(h.facts));
    return handle?.session ?? this.witnesses.find((w) => isOnline(w.facts))?.session;
  }

  async primarySession(): Promise<Session | undefined> {
    const any = this.anyOnline();
    if (!any) return undefined;
    const primary = (await seenMembers(any)).find((m) => m.role === "PRIMARY");
    return primary && this.sessionOf(primary.id);
  }

  sessionOf(id: string): Session | undefined {
    return this.handles.get(id)?.session ?? this.witnesses.find((w) => w.facts.uuid === id)?.session;
  }

  versionOf(id: string): string {
    return (this.handles.get(id) ?? this.witnesses.find((w) => w.facts.uuid === id))!.facts.version;
  }
}
