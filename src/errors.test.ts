import { describe, expect, it } from "vitest";
import { setting, userError } from "./errors.js";

const messageOf = (what: string) => userError({ where: "facts.csv:2", what }).message;

describe("the line of a mistake", () => {
  it("is one line, whatever a file holds", () => {
    expect(messageOf("the label\r\n  \n\tx is unknown\n")).toBe("facts.csv:2: the label x is unknown");
    expect(messageOf("\u001b]0;title\u0007 \u202etxt")).toBe("facts.csv:2: \\u001b]0;title\\u0007 \\u202etxt");
    expect(messageOf("x".repeat(1e6)).length).toBeLessThan(5000);
  });

  it("takes no time for white space that goes on and on", () => {
    const start = performance.now();
    messageOf(`${" ".repeat(500_000)}x${"\t".repeat(500_000)}`);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it("names settings, and is not led astray by a text that holds their marks", () => {
    expect(userError({ what: `give ${setting("maxLength")}` }).lineFor((key) => `--${key}`)).toBe("give --maxLength");
    expect(messageOf("the label \ue000x\ue001 is \ue000[1]\ue001")).toBe("facts.csv:2: the label x is [1]");
  });
});
