import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import {
  GroupMember,
  RecoveryChannel,
  ReplicationUser,
  type GroupMemberArgs,
  type RecoveryChannelArgs,
  type ReplicationUserArgs,
} from "pulumi-mysql-group-replication";

interface Declaration {
  user: Omit<ReplicationUserArgs, "password">;
  members: { name: string; channel: Omit<RecoveryChannelArgs, "password">; member: GroupMemberArgs }[];
}

// A file, not the stack's configuration: the next declaration is there at once.
const file = readFileSync(join(__dirname, "declaration.json"), "utf8");
const { user, members } = JSON.parse(file) as Declaration;
const config = new pulumi.Config();
const password = config.requireSecret("recoveryPassword");
const account = new ReplicationUser("recovery", { ...user, password });

for (const { name, channel, member } of members) {
  const args = { ...channel, user: account.user, password: config.getSecret("channelPassword") ?? password };
  new GroupMember(name, member, { dependsOn: new RecoveryChannel(name, args) });
}
