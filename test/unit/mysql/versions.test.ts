import { atLeast, parseVersion, seriesOf } from "../../../provider/mysql/versions";

describe("versions", () => {
  it.each([
    ["9.7.4", "9.7.4", "9.7"],
    ["9.7.4-2", "9.7.4", "9.7"],
    ["8.0.36-28.1-log", "8.0.36", "8.0"],
    ["5.7.22", "5.7.22", "5.7"],
    ["8.4.0-commercial", "8.4.0", "8.4"],
    ["27.10.1", "27.10.1", "27.10"],
  ])("reads %s as %s of series %s", (text, version, series) => {
    expect(parseVersion(text)).toBe(version);
    expect(seriesOf(text)).toBe(series);
  });

  it.each([
    ["8.0.22", "8.0.22", true],
    ["8.0.21", "8.0.22", false],
    ["8.0.22-debug", "8.0.22", true],
    ["8.0.9", "8.0.22", false],
    ["9.0.0", "8.0.22", true],
    ["10.1.0", "9.7.4", true],
  ])("%s is at least %s: %s", (version, floor, is) => {
    expect(atLeast(version, floor)).toBe(is);
  });

  it("throws for what is no version", () => {
    expect(() => parseVersion("trunk")).toThrow("not a server version: trunk");
  });
});
