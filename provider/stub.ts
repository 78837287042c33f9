import type { dynamic } from "@pulumi/pulumi";
import type * as Runtime from "./runtime";

/*
 * Pulumi stores the text of these objects in every resource's state, and runs that text on delete and refresh.
 * So they capture nothing and never change: what runs is the package installed beside the program.
 */
type Values = Record<string, unknown>;
type Provider = dynamic.ResourceProvider<Values, Values>;
declare function require(specifier: "pulumi-mysql-group-replication/runtime"): typeof Runtime;

export const groupMemberProvider: Provider = {
  configure: async (req) => require("pulumi-mysql-group-replication/runtime").configure(req),
  check: async (olds, news) =>
    require("pulumi-mysql-group-replication/runtime").groupMember.check(olds, news),
  diff: async (id, olds, news) =>
    require("pulumi-mysql-group-replication/runtime").groupMember.diff(id, olds, news),
  create: async (inputs) => require("pulumi-mysql-group-replication/runtime").groupMember.create(inputs),
  read: async (id, props) =>
    require("pulumi-mysql-group-replication/runtime").groupMember.read(id, props ?? {}),
  update: async (id, olds, news) =>
    require("pulumi-mysql-group-replication/runtime").groupMember.update(id, olds, news),
  delete: async (id, props) =>
    require("pulumi-mysql-group-replication/runtime").groupMember.delete(id, props),
};

export const recoveryChannelProvider: Provider = {
  configure: async (req) => require("pulumi-mysql-group-replication/runtime").configure(req),
  check: async (olds, news) =>
    require("pulumi-mysql-group-replication/runtime").recoveryChannel.check(olds, news),
  diff: async (id, olds, news) =>
    require("pulumi-mysql-group-replication/runtime").recoveryChannel.diff(id, olds, news),
  create: async (inputs) => require("pulumi-mysql-group-replication/runtime").recoveryChannel.create(inputs),
  read: async (id, props) =>
    require("pulumi-mysql-group-replication/runtime").recoveryChannel.read(id, props ?? {}),
  update: async (id, olds, news) =>
    require("pulumi-mysql-group-replication/runtime").recoveryChannel.update(id, olds, news),
  delete: async (id, props) =>
    require("pulumi-mysql-group-replication/runtime").recoveryChannel.delete(id, props),
};

export const replicationUserProvider: Provider = {
  configure: async (req) => require("pulumi-mysql-group-replication/runtime").configure(req),
  check: async (olds, news) =>
    require("pulumi-mysql-group-replication/runtime").replicationUser.check(olds, news),
  diff: async (id, olds, news) =>
    require("pulumi-mysql-group-replication/runtime").replicationUser.diff(id, olds, news),
  create: async (inputs) => require("pulumi-mysql-group-replication/runtime").replicationUser.create(inputs),
  read: async (id, props) =>
    require("pulumi-mysql-group-replication/runtime").replicationUser.read(id, props ?? {}),
  update: async (id, olds, news) =>
    require("pulumi-mysql-group-replication/runtime").replicationUser.update(id, olds, news),
  delete: async (id, props) =>
    require("pulumi-mysql-group-replication/runtime").replicationUser.delete(id, props),
};

export const replicationChannelProvider: Provider = {
  configure: async (req) => require("pulumi-mysql-group-replication/runtime").configure(req),
  check: async (olds, news) =>
    require("pulumi-mysql-group-replication/runtime").replicationChannel.check(olds, news),
  diff: async (id, olds, news) =>
    require("pulumi-mysql-group-replication/runtime").replicationChannel.diff(id, olds, news),
  create: async (inputs) =>
    require("pulumi-mysql-group-replication/runtime").replicationChannel.create(inputs),
  read: async (id, props) =>
    require("pulumi-mysql-group-replication/runtime").replicationChannel.read(id, props ?? {}),
  update: async (id, olds, news) =>
    require("pulumi-mysql-group-replication/runtime").replicationChannel.update(id, olds, news),
  delete: async (id, props) =>
    require("pulumi-mysql-group-replication/runtime").replicationChannel.delete(id, props),
};

export const certificateAuthorityProvider: Provider = {
  configure: async (req) => require("pulumi-mysql-group-replication/runtime").configure(req),
  check: async (olds, news) =>
    require("pulumi-mysql-group-replication/runtime").certificateAuthority.check(olds, news),
  diff: async (id, olds, news) =>
    require("pulumi-mysql-group-replication/runtime").certificateAuthority.diff(id, olds, news),
  create: async (inputs) =>
    require("pulumi-mysql-group-replication/runtime").certificateAuthority.create(inputs),
  read: async (id, props) =>
    require("pulumi-mysql-group-replication/runtime").certificateAuthority.read(id, props ?? {}),
  update: async (id, olds, news) =>
    require("pulumi-mysql-group-replication/runtime").certificateAuthority.update(id, olds, news),
  delete: async (id, props) =>
    require("pulumi-mysql-group-replication/runtime").certificateAuthority.delete(id, props),
};

export const certificateProvider: Provider = {
  configure: async (req) => require("pulumi-mysql-group-replication/runtime").configure(req),
  check: async (olds, news) =>
    require("pulumi-mysql-group-replication/runtime").certificate.check(olds, news),
  diff: async (id, olds, news) =>
    require("pulumi-mysql-group-replication/runtime").certificate.diff(id, olds, news),
  create: async (inputs) => require("pulumi-mysql-group-replication/runtime").certificate.create(inputs),
  read: async (id, props) =>
    require("pulumi-mysql-group-replication/runtime").certificate.read(id, props ?? {}),
  update: async (id, olds, news) =>
    require("pulumi-mysql-group-replication/runtime").certificate.update(id, olds, news),
  delete: async (id, props) =>
    require("pulumi-mysql-group-replication/runtime").certificate.delete(id, props),
};

export const revocationListProvider: Provider = {
  configure: async (req) => require("pulumi-mysql-group-replication/runtime").configure(req),
  check: async (olds, news) =>
    require("pulumi-mysql-group-replication/runtime").revocationList.check(olds, news),
  diff: async (id, olds, news) =>
    require("pulumi-mysql-group-replication/runtime").revocationList.diff(id, olds, news),
  create: async (inputs) => require("pulumi-mysql-group-replication/runtime").revocationList.create(inputs),
  read: async (id, props) =>
    require("pulumi-mysql-group-replication/runtime").revocationList.read(id, props ?? {}),
  update: async (id, olds, news) =>
    require("pulumi-mysql-group-replication/runtime").revocationList.update(id, olds, news),
  delete: async (id, props) =>
    require("pulumi-mysql-group-replication/runtime").revocationList.delete(id, props),
};

export const certificateFilesProvider: Provider = {
  configure: async (req) => require("pulumi-mysql-group-replication/runtime").configure(req),
  check: async (olds, news) =>
    require("pulumi-mysql-group-replication/runtime").certificateFiles.check(olds, news),
  diff: async (id, olds, news) =>
    require("pulumi-mysql-group-replication/runtime").certificateFiles.diff(id, olds, news),
  create: async (inputs) => require("pulumi-mysql-group-replication/runtime").certificateFiles.create(inputs),
  read: async (id, props) =>
    require("pulumi-mysql-group-replication/runtime").certificateFiles.read(id, props ?? {}),
  update: async (id, olds, news) =>
    require("pulumi-mysql-group-replication/runtime").certificateFiles.update(id, olds, news),
  delete: async (id, props) =>
    require("pulumi-mysql-group-replication/runtime").certificateFiles.delete(id, props),
};
