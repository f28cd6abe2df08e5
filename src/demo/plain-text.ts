/**
 * The package's own sentences as plain text, for what needs some and was given none.
 * @module
 */
import { demoExamples } from "./examples.js";
import { facts } from "./facts.js";

/** True sentences about countries, people, places and works. */
export const demoText = (): readonly string[] => demoExamples("train").map(({ text }) => text);

/** Whom and what they are about, each once. */
export const demoSubjects = (): readonly string[] => [...new Set(facts.map(({ subject }) => subject.text))];
