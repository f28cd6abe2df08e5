/**
 * How a command is said: its name and description at once, its table of settings when it is named, its code when it
 * is run.
 * @module
 */
import type { Settings, Table } from "../settings/setting.js";
import type { CommandContext, CommandEntry } from "./run.js";

export type { CommandEntry } from "./run.js";

/** What a command does once its settings are checked. */
export type Run<O> = (options: O, context: CommandContext) => Promise<void>;

/** A training's settings, and how this run begins. */
export interface RunRequest<O> {
  readonly options: O;
  /** Go on from the last checkpoint in the output folder, or begin where there is none. */
  readonly resume: boolean;
  /** Replace what the output folder holds. */
  readonly overwrite: boolean;
}

interface Parts<T extends Table, O> {
  readonly name: string;
  readonly description: string;
  readonly settings: () => Promise<T>;
  readonly run: () => Promise<Run<O>>;
}

/** A command that takes its settings as flags, and from a recipe where `recipe` says so. */
export function command<T extends Table>({
  settings,
  run,
  ...about
}: Parts<T, Settings<T>> & { readonly recipe?: boolean }): CommandEntry {
  return {
    recipe: false,
    ...about,
    flags: settings,
    table: settings,
    run: async (given, context) => {
      const { resolveGiven } = await import("../settings/given.js");
      const options = resolveGiven(await settings(), ...given);
      await (await run())(options, context);
    },
  };
}

/** A command that trains: its settings may stand in a recipe, and its run may be resumed. */
export function training<T extends Table>({
  settings,
  run,
  ...about
}: Parts<T, RunRequest<Settings<T>>>): CommandEntry {
  // How this process begins, and with whom, is no part of what is learnt.
  const begin = async () => {
    const { beginSettings, rankSettings } = await import("../settings/shared.js");
    return { beginSettings, rankSettings };
  };
  return {
    ...about,
    recipe: true,
    flags: async () => {
      const [table, { beginSettings, rankSettings }] = [await settings(), await begin()];
      return { ...table, ...beginSettings, ...("leaves" in table ? rankSettings : {}) };
    },
    table: settings,
    run: async (given, context) => {
      const { resolveGiven } = await import("../settings/given.js");
      const table = await settings();
      const keep = (wanted: (key: string) => boolean) =>
        given.map((source) => new Map([...source].filter(([key]) => wanted(key))));
      const { beginSettings, rankSettings } = await begin();
      const others = keep((key) => !(key in table));
      const { resume, overwrite, ...how } = resolveGiven({ ...beginSettings, ...rankSettings }, ...others);
      const options = resolveGiven(table, ...keep((key) => key in table));
      const start = async (own: CommandContext) => (await run())({ options, resume, overwrite }, own);
      if (how.ranks === "alone") return start(context);
      const { onRanks } = await import("./ranks.js");
      await onRanks({ ...how, ...options }, context, start);
    },
  };
}
