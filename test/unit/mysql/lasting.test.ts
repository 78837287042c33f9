import { lasting } from "../../../provider/mysql/membership";

const writing = (id: number, age = 0): { id: string; age: number } => ({ id: String(id), age });
/** A transaction that has written nothing: InnoDB shows an address, which the connection's next one has too. */
const reading = (age = 0): { id: string; age: number } => ({ id: "421938475630128", age });

describe("transactions that last", () => {
  it("are those of two seconds and more, whatever they do", () => {
    expect(lasting([writing(1, 2), reading(5)], [])).toEqual([writing(1, 2), reading(5)]);
  });

  it("are those that write and were open in the look before", () => {
    expect(lasting([writing(7), writing(8)], [writing(7)])).toEqual([writing(7)]);
  });

  it("are not the short ones of busy clients", () => {
    expect(lasting([writing(9, 1), reading(1)], [writing(8, 1), reading(1)])).toEqual([]);
  });
});
