import { channelSuite } from "./channel-suite";

describe("an asynchronous channel", () => channelSuite());
