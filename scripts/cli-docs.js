// Writes docs/cli.md from the command line's own tables: `npm run docs:cli`.
import { writeFileSync } from "node:fs";
import { helpPage } from "../dist/cli/help-page.js";

writeFileSync(new URL("../docs/cli.md", import.meta.url), await helpPage());
