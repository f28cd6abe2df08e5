import { helpText, type Setting, type Table } from "../settings/setting.js";
import {
  adapterSettings,
  beginSettings,
  cacheSettings,
  dataSettings,
  leafSettings,
  rankSettings,
  runtimeSettings,
  trainingSettings,
} from "../settings/shared.js";
import type { CommandEntry } from "./command.js";
import { commands } from "./commands/index.js";
import { withFlags } from "./flags.js";
import { flagsOf, placeOf } from "./options.js";

/** Settings that many commands have: they are listed once, and commands link to them. */
const sharedTables: readonly Table[] = [
  dataSettings,
  adapterSettings,
  trainingSettings,
  cacheSettings,
  runtimeSettings,
  beginSettings,
  { ...leafSettings, ...rankSettings },
];

/** `docs/cli.md`: every command and flag, from the same tables as `--help`. */
export async function helpPage(): Promise<string> {
  const sections: string[] = [];
  for (const entry of commands) sections.push(section(entry, await entry.flags()));
  return `# Commands

Made by \`npm run docs:cli\` from the tables that \`--help\` shows; do not edit it by hand.

Try: \`node bin/kadapter.js doctor\`

Options come from flags, over a recipe (\`--recipe FILE\`, a YAML file of the same options, named without \`--\`), over
defaults. \`--help\` shows the basic options of a command, \`--help --all\` all of them. With \`--json\`, which every
command takes, the last line on stdout is one JSON object; everything said on the way goes to stderr. Exit codes: 0 done,
1 a defect of this project (or \`verify\` found a difference), 2 a mistake in flags, files or data, 130 stopped by the
user.

${commands.map(({ name }) => `- [\`kadapter ${name}\`](#${anchor(`kadapter ${name}`)})`).join("\n")}

Options that many commands have are listed once, [at the end](#shared-options).

${sections.join("\n")}
## Shared options

${sharedTables.map((table) => `### ${titleOf(table)}\n\n${listing(table)}`).join("\n")}`;
}

const titleOf = (table: Table): string => Object.values(table)[0]?.group ?? "";

const anchor = (heading: string): string => heading.toLowerCase().replaceAll(" ", "-");

/** A command: its own settings as a table, and the names of those that it shares. */
function section({ name, description, recipe }: CommandEntry, table: Table): string {
  const isShared = ([key, one]: readonly [string, Setting]) => sharedTables.some((shared) => shared[key] === one);
  const own = Object.fromEntries(Object.entries(table).filter((entry) => !isShared(entry)));
  const links = sharedTables.flatMap((shared) => {
    const used = Object.keys(shared).filter((key) => table[key] === shared[key]);
    if (used.length === 0) return [];
    const link = `[${titleOf(shared)}](#${anchor(titleOf(shared))})`;
    const all = used.length === Object.keys(shared).length;
    return [`${link}${all ? "" : `: ${used.map((key) => flag(key, shared[key] as Setting)).join(", ")}`}`];
  });
  return [
    `## kadapter ${name}`,
    `${description.charAt(0).toUpperCase()}${description.slice(1)}.${recipe ? " A recipe may hold its options." : ""}`,
    ...(Object.keys(own).length > 0 ? [listing(own).trimEnd()] : []),
    ...(links.length > 0 ? [`Shared: ${links.join("; ")}.`] : []),
    "",
  ]
    .join("\n\n")
    .trimEnd()
    .concat("\n");
}

const flag = (key: string, one: Setting) => `\`${flagsOf(key, one).split(" ")[0]}\``;

/** A table of settings as they are given, and what they mean. */
function listing(table: Table): string {
  const rows = Object.entries(table).map(([key, one]) => {
    return row(one.positional ? placeOf(key, one) : flagsOf(key, one), withFlags(helpText(one)));
  });
  return `| | |\n| --- | --- |\n${rows.join("\n")}\n`;
}

const row = (name: string, meaning: string) =>
  `| \`${name.replaceAll("|", "\\|")}\` | ${meaning.replaceAll("|", "\\|")} |`;
