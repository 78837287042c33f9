import { type StackConfiguration, coordinator, setConfiguration } from "./context";
import * as member from "./group-member";
import { onInterrupt } from "./interrupt";
import * as channel from "./recovery-channel";
import * as user from "./replication-user";
import type { CheckFailure, Inputs } from "./validation";

export interface Difference {
  changes: boolean;
  replaces?: string[];
}

/**
 * What the stub in every resource's state calls. Released names stay: state of any age must find them here.
 */
export interface ResourceRuntime {
  check(olds: Inputs | undefined, news: Inputs): Promise<{ inputs: Inputs; failures: CheckFailure[] }>;
  diff(id: string, olds: Inputs, news: Inputs): Promise<Difference>;
  create(inputs: Inputs): Promise<{ id: string; outs: Inputs }>;
  read(id: string, props: Inputs): Promise<{ id: string; props: Inputs; inputs: Inputs }>;
  update(id: string, olds: Inputs, news: Inputs): Promise<{ outs: Inputs }>;
  delete(id: string, props: Inputs): Promise<void>;
}

interface Lifecycle {
  check(olds: Inputs | undefined, news: Inputs): { inputs: Inputs; failures: CheckFailure[] };
  diff(id: string, olds: Inputs, news: Inputs): Difference | Promise<Difference>;
  create(inputs: Inputs): Promise<{ id: string; outs: Inputs }>;
  read(id: string, props: Inputs): Promise<{ id: string; props: Inputs; inputs: Inputs }>;
  update(id: string, olds: Inputs, news: Inputs): Promise<{ outs: Inputs }>;
  remove(id: string, props: Inputs): Promise<void>;
}

function runtimeOf(resource: () => Lifecycle): ResourceRuntime {
  return {
    check: (olds, news) => Promise.resolve().then(() => resource().check(olds, news)),
    diff: (id, olds, news) => Promise.resolve().then(() => resource().diff(id, olds, news)),
    create: (inputs) => resource().create(inputs),
    read: (id, props) => resource().read(id, props),
    update: (id, olds, news) => resource().update(id, olds, news),
    delete: (id, props) => resource().remove(id, props),
  };
}

/** Its outputs may be what members wait for: their jobs are gathered when it is done. */
function beforeMembers(resource: ResourceRuntime): ResourceRuntime {
  return {
    ...resource,
    create: (inputs) => coordinator.precede(() => resource.create(inputs)),
    update: (id, olds, news) => coordinator.precede(() => resource.update(id, olds, news)),
  };
}

let listening = false;

export function configure(req: { config: StackConfiguration }): Promise<void> {
  setConfiguration(req.config);
  if (!listening) onInterrupt(coordinator);
  listening = true;
  return Promise.resolve();
}

export const groupMember = runtimeOf(() => member);
export const recoveryChannel = runtimeOf(() => channel);
export const replicationUser = runtimeOf(() => user);

/* Loaded only by programs that have such resources. */
/* eslint-disable @typescript-eslint/no-require-imports -- import() would make every call wait */
export const replicationChannel = runtimeOf(() => require("./replication-channel") as Lifecycle);
export const certificateAuthority = beforeMembers(
  runtimeOf(() => require("./certificate-authority") as Lifecycle),
);
export const certificate = beforeMembers(runtimeOf(() => require("./certificate") as Lifecycle));
export const revocationList = beforeMembers(runtimeOf(() => require("./revocation-list") as Lifecycle));
export const certificateFiles = beforeMembers(runtimeOf(() => require("./certificate-files") as Lifecycle));
