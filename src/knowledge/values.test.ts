import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dateOf, numberOf, valueByLooks, valueOfKind } from "./values.js";

describe("dateOf", () => {
  it.each([
    ["1969", "1969"],
    ["1969-07", "1969-07"],
    ["1969-07-20", "1969-07-20"],
    ["+1969-07-20T20:17:40Z", "1969-07-20"],
    ["1969-07-00", "1969-07"],
    ["1969-00-00T00:00:00Z", "1969"],
    ["-0043-03-15", "-0043-03-15"],
    ["12024-01-01", "12024-01-01"],
    ["1969-13", null],
    ["69", null],
    ["July 1969", null],
    ["", null],
  ])("reads %j as %j", (text, date) => {
    expect(dateOf(text)).toBe(date);
  });
});

describe("numberOf", () => {
  it.each([
    ["8800000", "8800000"],
    ["8,800,000", "8800000"],
    ["+007.50", "7.5"],
    ["-0.0", "0"],
    [".5", "0.5"],
    ["-3.25", "-3.25"],
    ["1.5E3", "1500"],
    ["1e300", null],
    ["1,2", null],
    ["12 km", null],
    ["", null],
  ])("reads %j as %j", (text, number) => {
    expect(numberOf(text)).toBe(number);
  });

  it("keeps the digits of whole numbers of any length", () => {
    fc.assert(fc.property(fc.bigInt(), (value) => numberOf(String(value)) === String(value)));
  });
});

it("tells dates and numbers by their looks, and names by theirs", () => {
  expect(valueByLooks("1969")).toEqual({ kind: "date", value: "1969" });
  expect(valueByLooks("1969-07-20")).toEqual({ kind: "date", value: "1969-07-20" });
  expect(valueByLooks("2150")).toEqual({ kind: "number", value: "2150" });
  expect(valueByLooks("3.5")).toEqual({ kind: "number", value: "3.5" });
  expect(valueByLooks("Blink-182")).toBeNull();
  expect(valueByLooks("24601 Valjean")).toBeNull();
});

it("takes a value as what it is said to be", () => {
  expect(valueOfKind("number", " 1969 ")).toEqual({ kind: "number", value: "1969" });
  expect(valueOfKind("text", "two\n  lines")).toEqual({ kind: "text", value: "two lines" });
  expect(valueOfKind("date", "soon")).toBeNull();
  expect(valueOfKind("text", "x".repeat(5000))).toBeNull();
});
