import { channelSuite } from "./channel-suite";

describe("an asynchronous channel of 8.0.15", () => channelSuite({ source: "8.0.15", replica: "8.0.15" }));

describe("an asynchronous channel from 8.0.15 to the newest", () => channelSuite({ source: "8.0.15" }));
