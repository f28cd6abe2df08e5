import { type Wordings, wordingLines } from "../data/wordings.js";
import { recall } from "../tasks/recall/recall.js";
import { writeDrawnModel } from "./drawn-model.js";

/**
 * Writes an adapter as `kadapter teach` does, its weights drawn: what it says is nothing that anybody taught, but
 * something else than the model alone says.
 *
 * @param backbone folder of a model with its language-model head
 * @param subjects whose texts it has a say in; all texts where they are left out
 * @param wordings in which it is said to have been taught
 */
export function writeTaughtAdapter(
  folder: string,
  backbone: string,
  subjects?: readonly string[],
  wordings?: Wordings,
): Promise<string> {
  return writeDrawnModel(folder, backbone, recall, {
    features: "residual",
    labels: null,
    options: { neighbours: subjects ? "gate" : "prior", keep: 1 },
    head: Math.sin,
    ...(subjects ? { subjects } : {}),
    ...(wordings ? { wordings: wordingLines(wordings) } : {}),
  });
}
