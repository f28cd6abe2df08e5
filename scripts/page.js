// Builds the server's page out of src/serving/page, as part of `npm run build`.
import { fileURLToPath } from "node:url";
import { build } from "vite";

/** Files of the page into a folder, the names of all but `index.html` with a hash in them. */
export async function buildPage(folder) {
  await build({
    root: fileURLToPath(new URL("../src/serving/page", import.meta.url)),
    // The server has the page at /, and what it names at /page/.
    base: "/page/",
    configFile: false,
    envDir: false,
    logLevel: "warn",
    build: {
      outDir: folder,
      emptyOutDir: false,
      assetsDir: "",
      // Nothing stands in the page itself: its policy would not let it run.
      assetsInlineLimit: 0,
      modulePreload: false,
      target: "es2022",
      reportCompressedSize: false,
    },
  });
}
