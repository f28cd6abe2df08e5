/**
 * Dates and numbers as they are written, in the form that {@link TripleObject} has.
 * @module
 */
import type { TripleObject } from "./knowledge.js";
import { usableText } from "./statement.js";

const isoDate = /^[+-]?(\d{4,})(?:-(\d\d)(?:-(\d\d)(?:[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?)?)?$/;

/**
 * A date as ISO 8601 as far as it is known: `1969`, `1969-07`, `1969-07-20`; the time of day and zeros in the place of an
 * unknown month or day are dropped. Null where it is none.
 */
export function dateOf(text: string): string | null {
  const [, year, month = "00", day = "00"] = isoDate.exec(text) ?? [];
  if (year === undefined || Number(month) > 12 || Number(day) > 31) return null;
  const sign = text.startsWith("-") ? "-" : "";
  if (month === "00") return `${sign}${year}`;
  return day === "00" ? `${sign}${year}-${month}` : `${sign}${year}-${month}-${day}`;
}

const plain = /^[+-]?(\d+(?:\.\d+)?|\.\d+)$/;
const grouped = /^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/;
const scientific = /^[+-]?(\d+\.?\d*|\.\d+)[eE][+-]?\d{1,3}$/;

/** A number in digits without needless signs and zeros: `-3.5` of `-03.50`, `8800000` of `8,800,000`. Null where it is none. */
export function numberOf(text: string): string | null {
  if (scientific.test(text)) return inDigits(Number(text));
  if (!plain.test(text) && !grouped.test(text)) return null;
  const [whole = "", fraction = ""] = text.replace(/^[+-]/, "").replaceAll(",", "").split(".");
  const digits = whole.replace(/^0+(?=\d)/, "") || "0";
  const rest = fraction.replace(/0+$/, "");
  const value = rest === "" ? digits : `${digits}.${rest}`;
  return text.startsWith("-") && value !== "0" ? `-${value}` : value;
}

/** Null where JavaScript itself writes an exponent. */
function inDigits(value: number): string | null {
  const text = String(value);
  return /^-?\d+(\.\d+)?$/.test(text) ? text : null;
}

/** Four digits are a year, rather than a number, from 1000 to 2099. */
const looksLikeYear = /^(1\d|20)\d\d$/;

/** What a text is by its looks: a date or a number; null where it is neither. */
export function valueByLooks(text: string): TripleObject | null {
  const isDate = looksLikeYear.test(text) || /^[+-]?\d{4,}-\d\d(-\d\d([T ].*)?)?$/.test(text);
  const date = isDate ? dateOf(text) : null;
  if (date !== null) return { kind: "date", value: date };
  const number = numberOf(text);
  return number === null ? null : { kind: "number", value: number };
}

/** Kinds of values as columns and settings name them. */
export type ValueKind = Exclude<TripleObject["kind"], "entity">;

/** A text as a value of a kind; null where it is none. */
export function valueOfKind(kind: ValueKind, text: string): TripleObject | null {
  const value = kind === "date" ? dateOf(text.trim()) : kind === "number" ? numberOf(text.trim()) : usableText(text);
  return value === null ? null : { kind, value };
}
