import { type Cell, printMatrix } from "../../../provider/rolling/matrix";

describe("printMatrix", () => {
  it("shows every pair both ways, and each reason once", () => {
    const cells: Cell[][] = [
      ["ok", { why: "it has expired" }, { why: "it has expired" }],
      ["ok", "ok", "unknown"],
      [{ why: "no CA is trusted" }, "ok", "ok"],
    ];
    expect(printMatrix(["db1:3306", "db2.example:3306", "db3:3306"], (i, j) => cells[i]![j]!)).toBe(
      `                    db1:3306  db2.example:3306  db3:3306
  db1:3306          ok        1                 1
  db2.example:3306  ok        ok                ?
  db3:3306          2         ok                ok
  (a row shows its certificate, a column verifies it; ?: not known from here)
  1: it has expired
  2: no CA is trusted`,
    );
  });
});
