import { describeFilesInUse } from "./in-use";

describe.each(["5.7.22", "8.0.15"] as const)("files that a server of %s names", (version) => {
  describeFilesInUse(version);
});
