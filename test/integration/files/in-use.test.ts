import { describeFilesInUse } from "./in-use";

describe("files that a server of 9.7.4 names", () => describeFilesInUse("9.7.4"));
