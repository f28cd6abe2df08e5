import type { Command, Option } from "commander";
import { createProgram, type Handlers } from "./program.js";

const nothing = async () => undefined;

/** Total, so that a new command cannot be missing from the page. */
const handlers: Handlers = {
  pretrainFactual: nothing,
  pretrainLinguistic: nothing,
  pretrainLm: nothing,
  pretrainMultitask: nothing,
  finetune: { relations: nothing, entityTyping: nothing, multipleChoice: nothing, openQa: nothing },
  sweep: nothing,
  eval: nothing,
  predict: nothing,
  trainHead: nothing,
  probeLama: nothing,
  filter: nothing,
  fill: nothing,
  transfer: nothing,
  continual: nothing,
  import: nothing,
  inspect: nothing,
  verify: nothing,
  doctor: nothing,
  demo: nothing,
};

/** `docs/cli.md`: every command and flag, from the same tables as `--help`. */
export function helpPage(): string {
  const program = createProgram(() => {
    throw new Error("the page runs no command");
  }, handlers);
  const commands = leaves(program, program.name());
  return `# Commands

Made by \`npm run docs:cli\` from the tables that \`--help\` shows; do not edit it by hand.

Try: \`node bin/kadapter.js doctor\`

Options come from flags, over a recipe (\`--recipe FILE\`, YAML), over defaults. With \`--json\` the last line on stdout
is one JSON object; everything said on the way goes to stderr. Exit codes: 0 done, 1 a defect of this project (or
\`verify\` found a difference), 2 a mistake in flags, files or data, 130 stopped by the user.

${commands.map(({ path }) => `- [\`${path}\`](#${path.replaceAll(" ", "-")})`).join("\n")}

${commands.map(section).join("\n")}`;
}

interface Leaf {
  readonly path: string;
  readonly command: Command;
}

function leaves(command: Command, path: string): readonly Leaf[] {
  if (command.commands.length === 0) return [{ path, command }];
  return command.commands.flatMap((child) => leaves(child, `${path} ${child.name()}`));
}

function section({ path, command }: Leaf): string {
  const places = command.registeredArguments.map((argument) => {
    const name = argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
    return row(name, argument.description);
  });
  const options = command.options
    .filter((option) => !option.hidden)
    .map((option: Option) => row(option.flags, option.description));
  return `## ${path}

${sentence(command.description())}

| | |
| --- | --- |
${[...places, ...options].join("\n")}
`;
}

const row = (name: string, meaning: string) =>
  `| \`${name.replaceAll("|", "\\|")}\` | ${meaning.replaceAll("|", "\\|")} |`;

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
