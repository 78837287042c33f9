import { NotReadyError } from "../errors";
import { dialectOf, firstVersionWith } from "../mysql/dialect";
import type { CertificateFact } from "../mysql/facts";
import { type ServerView, groupShowsOwn } from "./view";

/** Certificates in memory that are not the declared one; null: no TLS at all. What is not known does not differ. */
export interface Others {
  readonly client?: CertificateFact | null;
  readonly group?: CertificateFact;
}

export function othersShown(view: ServerView, expected: string | undefined): Others {
  const { client, group } = view.shown ?? {};
  const isOther = (shown: CertificateFact | null | undefined): boolean =>
    expected !== undefined && shown !== undefined && shown?.sha256 !== expected;
  return {
    ...(client !== undefined && isOther(client) ? { client } : {}),
    ...(group && groupShowsOwn(view) && isOther(group) ? { group } : {}),
  };
}

/** What it takes until the declared certificate is in memory, and why. */
export interface Mending {
  readonly reload: boolean;
  readonly restart: boolean;
  readonly reasons: readonly string[];
}

/**
 * Group communication that could not be asked, since its port is closed to us or this is a preview, is taken to show what clients get:
 * who puts a file in place without a reload has not restarted Group Replication either.
 */
export function mending(view: ServerView, expected: string | undefined): Mending {
  const others = othersShown(view, expected);
  const reload = others.client !== undefined;
  const unheard = view.shown?.group === undefined && groupShowsOwn(view);
  return {
    reload,
    restart: others.group !== undefined || (reload && unheard),
    reasons: reasonsOf(others, expected),
  };
}

function reasonsOf({ client, group }: Others, expected: string | undefined): string[] {
  const both = client && client.sha256 === group?.sha256;
  const places = [
    ...(client === undefined
      ? []
      : [{ shown: client, where: both ? "at its SQL port and to its group" : "at its SQL port" }]),
    ...(group === undefined || both ? [] : [{ shown: group, where: "to its group" }]),
  ];
  return places.map(
    ({ shown, where }) =>
      `it shows ${certificateName(shown)} ${where}; expected is ${shortened(expected ?? "")}`,
  );
}

/** As a person tells one certificate from another: its subject, and the first digits of its SHA-256. */
export function certificateName(certificate: CertificateFact | null): string {
  if (certificate === null) return "no certificate";
  return `certificate ${certificate.subject} (${shortened(certificate.sha256)})`;
}

function shortened(sha256: string): string {
  return `${sha256.slice(0, 16)}…`;
}

/** Nothing over SQL would load another certificate. */
export function requireReload({ address, version }: ServerView, { reload, reasons }: Mending): void {
  if (!reload || dialectOf(version).reloadTls) return;
  throw new NotReadyError(
    address,
    `runs ${version}, which loads its certificate only when the server is started`,
    {
      why: `${reasons.join("; ")}; ALTER INSTANCE RELOAD TLS came with ${firstVersionWith("reloadTls")}`,
      todo: "see that the files of ssl_cert and ssl_key in its option file are the expected ones, restart the server, then pulumi up --refresh",
    },
  );
}
