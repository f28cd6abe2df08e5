import { questionBounds } from "../files/bounds.js";
import { ServingError } from "./serving-error.js";

/**
 * Refuses what is too long for any model, before tokens are made of it.
 *
 * @param question as it was sent; its nesting was bounded when it was read
 * @throws ServingError invalid
 */
export function requireSize(question: unknown, where: string): void {
  let all = 0;
  const look = (value: unknown): void => {
    if (typeof value === "string") {
      if (value.length > questionBounds.text) throw tooLong(where, "a text", value.length, questionBounds.text);
      all += value.length;
    } else if (typeof value === "object" && value !== null) {
      // An entry counts, too, as there are questions that are lists of words.
      for (const one of Object.values(value)) {
        all++;
        look(one);
        if (all > questionBounds.all) throw tooLong(where, "all of it", all, questionBounds.all);
      }
    }
  };
  look(question);
}

const tooLong = (where: string, what: string, length: number, most: number) =>
  new ServingError("invalid", `${where}: ${what} has ${length} characters or more; at most ${most} are read`);
