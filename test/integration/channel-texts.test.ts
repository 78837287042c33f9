import { channelOption, channelOptions } from "../../provider/mysql/channel-options";
import { atLeast } from "../../provider/mysql/versions";
import { replicationChannel } from "../../provider/runtime";
import { query } from "../../tools/sandbox";
import {
  type Inputs,
  create,
  login,
  refreshed,
  said,
  update,
  useRuntime,
  useSandbox,
  versionsAtHand,
} from "./helpers";

useRuntime();

const ascii = `it's "quo" \\ %_ /* -- #; `;
const hostile = `it's "quo" \\ %_ \`é\` /* -- # \t; `;

/** So long as the check lets it be. */
function longest(bytes: number, piece = hostile): string {
  let text = "";
  while (Buffer.byteLength(text + piece) <= bytes) text += piece;
  return text.padEnd(text.length + bytes - Buffer.byteLength(text), "x");
}

/** The servers cut off what is too long, and keep ? in place of what they do not know, without a word. */
describe.each(versionsAtHand(["9.7.4", "8.0.15", "5.7.22"]))("a channel on %s", (version) => {
  const servers = useSandbox(version === "9.7.4" ? { members: 1 } : { members: 1, version });

  it("has every text as it was declared, however long and hostile", async () => {
    const member = servers.db(1);
    const texts = channelOptions.filter((o) => o.kind === "text" && atLeast(version, o.since));
    const length = (option: (typeof texts)[number]): number =>
      option.shortUntil && !atLeast(version, option.shortUntil) ? 60 : option.longest!;
    const declared: Inputs = {
      connection: { ...login(member), ...(version === "5.7.22" ? { tls: { mode: "DISABLED" } } : {}) },
      ...Object.fromEntries(texts.map((option) => [option.property, longest(length(option))])),
      // The columns of these are ASCII from 8.0.17 on.
      host: longest(length(channelOption("host")), ascii),
      bind: longest(length(channelOption("bind")), ascii),
      channelName: `${longest(60).slice(0, 40)}x`,
      user: 'it\'s \\ "é"',
      password: `it's "\\ \`é`,
      running: false,
    };
    const channel = await create(replicationChannel, declared);
    said.length = 0;
    expect((await refreshed(channel)).outs).toEqual(channel.outs);
    expect((await update({ ...channel, ...(await refreshed(channel)) }, {})).outs).toEqual(channel.outs);
    expect(said).toEqual([]);

    await channel.runtime.delete(channel.id, channel.outs);
    const left = await query(
      member,
      "SELECT CHANNEL_NAME FROM performance_schema.replication_connection_configuration WHERE CHANNEL_NAME <> ''",
    );
    expect(left).toEqual([]);
  });
});
