import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalNumber, timesTen } from "./number-text.js";
import { Tokens } from "./tokens.js";
import { ValueReader } from "./values.js";

/** The value that a text begins with, and how much of it. */
function read(text: string) {
  const tokens = new Tokens().read(text);
  const value = new ValueReader(text, tokens).at(0);
  return value && [value.kind, value.value, text.slice(0, tokens.ends[value.length - 1])];
}

describe("ValueReader", () => {
  it.each([
    ["20 July 1969 was", "1969-07-20", "20 July 1969"],
    ["20th of July, 1969", "1969-07-20", "20th of July, 1969"],
    ["July 20 , 1969 .", "1969-07-20", "July 20 , 1969"],
    ["Sept. 3, 1783", "1783-09-03", "Sept. 3, 1783"],
    ["July 1969", "1969-07", "July 1969"],
    ["1969-07-20", "1969-07-20", "1969-07-20"],
    ["1969", "1969", "1969"],
  ])("reads the date %j", (text, value, part) => {
    expect(read(text)).toEqual(["date", value, part]);
  });

  it.each([
    ["1,234 people", "1234", "1,234"],
    ["1,234,567.50 people", "1234567.5", "1,234,567.50"],
    ["1.2 million", "1200000", "1.2 million"],
    ["twenty-one days", "21", "twenty-one"],
    ["Three hundred", "300", "Three hundred"],
    ["2 , 3", "2", "2"],
    ["007", "7", "007"],
  ])("reads the number %j", (text, value, part) => {
    expect(read(text)).toEqual(["number", value, part]);
  });

  it.each(["July", "1990s", "May be", "Word", "5th", "", "one", "x".repeat(100)])("finds no date in %j", (text) => {
    expect(read(text)?.[0] ?? "number").toBe("number");
  });

  it("takes a season for no year", () => {
    expect(read("2015-16 season")).toEqual(["number", "2015", "2015"]);
  });

  it("writes numbers in one form", () => {
    expect(["+05.10", "-0", "1e5", "0.0", ".5", "12"].map(normalNumber)).toEqual(["5.1", "0", null, "0", null, "12"]);
    expect([timesTen("1.25", 6), timesTen("0", 6), timesTen("1.2345", 2)]).toEqual(["1250000", "0", "123.45"]);
  });

  it("reads any whole number back as it was written with commas", () => {
    fc.assert(
      fc.property(fc.integer({ min: 10_000, max: 2 ** 40 }), (number) => {
        expect(read(`${number.toLocaleString("en")} people`)?.[1]).toBe(String(number));
      }),
    );
  });
});
