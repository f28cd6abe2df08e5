/**
 * Settings of what goes to the hub and comes from it.
 * @module
 */
import { group, type Settings } from "./setting.js";
import { dataSettings, overwriteSetting } from "./shared.js";
import { text, toggle } from "./values.js";

const repository = {
  type: "text",
  argument: "user/name",
  schema: text,
  positional: true,
  basic: true,
} as const;

/** `push`. */
export const pushSettings = group("Hub", {
  dir: {
    ...dataSettings.out,
    expects: "an adapter's or a fine-tuned model's folder",
    help: "the adapter or the fine-tuned model: a folder",
    positional: true,
  },
  repository: {
    ...repository,
    expects: "USER/NAME or USER/NAME@BRANCH",
    help: "the repository on Hugging Face's hub, with `@BRANCH` for another branch than main; it is made where there is none",
  },
  private: { ...toggle("a repository that is made is seen by you alone"), basic: true },
  message: {
    type: "text",
    argument: "words",
    schema: text.default("Upload with kadapter"),
    expects: "a line",
    help: "the commit's first line",
  },
});

/** `pull`. */
export const pullSettings = group("Hub", {
  repository: {
    ...repository,
    argument: "hf:user/name",
    expects: "hf:USER/NAME or hf:USER/NAME@REVISION",
    help: "the repository on Hugging Face's hub, with `@` and a branch, tag or commit, or the newest of its main branch",
  },
  out: { ...dataSettings.out, expects: "a folder", help: "folder that is written" },
  overwrite: overwriteSetting,
});

export type PushSettings = Settings<typeof pushSettings>;
export type PullSettings = Settings<typeof pullSettings>;
