// Builds and serves the page that trains in a tab: `npm run page`, after which it says where it is to be seen.
import { fileURLToPath } from "node:url";
import { build, preview } from "vite";

const configFile = fileURLToPath(new URL("../pages/training/vite.config.js", import.meta.url));
await build({ configFile });
const server = await preview({ configFile });
console.log(`the page is at ${server.resolvedUrls.local[0]}; end it with Ctrl-C`);
