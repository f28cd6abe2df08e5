import { setting, userError } from "../../errors.js";
import { isFolder } from "../../files/folder.js";
import { readText } from "../../files/text.js";
import { ownModel } from "../../library/own-model.js";
import { counted } from "../../phrases.js";
import type { startGrpc } from "../../serving/grpc/server.js";
import { startHttp } from "../../serving/http/server.js";
import type { Loading } from "../../serving/loading.js";
import { Service } from "../../serving/service.js";
import type { ServeSettings } from "../../settings/serve.js";
import type { CommandContext } from "../run.js";
import { withEngine } from "../runtime.js";

/** `serve`: answers over HTTP until it is stopped. */
export async function run(options: ServeSettings, { output, signal, stderr }: CommandContext): Promise<void> {
  const { adapter, host, port, grpcPort, bodyLimit, batchTokens, queueTokens, mostModels } = options;
  const loading = await loadingOf(options);
  const names = Object.entries(adapter);
  if (names.length > mostModels) {
    throw userError({
      where: setting("mostModels"),
      what: `${counted(names.length, "model")} are given`,
      expected: "as many at least",
    });
  }
  const backbone = options.backbone ?? (names.length === 0 ? ownModel() : undefined);
  await withEngine(options, async (executor) => {
    const service = new Service(executor, { batchTokens, queueTokens, mostModels, backbone });
    try {
      // First, so that models which name it take it.
      if (backbone !== undefined) await service.keepBackbone(backbone);
      for (const [name, folder] of names) {
        const { version, task, served } = await service.load(name, folder, true);
        for (const note of served.notes) output.note(note);
        output.note(`${name}@${version}: ${task}`);
      }
      const server = await startHttp(service, { host, port, bodyLimit, loading, log: stderr });
      output.note(`serving ${counted(names.length, "model")} at ${server.url}; Ctrl-C ends what has begun and stops`);
      const grpc =
        grpcPort === undefined ? null : await grpcServer(service, { host, port: grpcPort, bodyLimit, loading });
      if (grpc) output.note(`gRPC at port ${grpc.port}`);
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      await Promise.all([server.stop(), grpc?.stop()]);
    } finally {
      await service.close();
    }
  });
}

/** gRPC's library is read only where it is wanted. */
async function grpcServer(...how: Parameters<typeof startGrpc>) {
  return (await import("../../serving/grpc/server.js")).startGrpc(...how);
}

/** Letters of a token, at least: fewer could be guessed. */
const shortestToken = 16;

async function loadingOf({ allowLoad, modelsRoot, tokenFile }: ServeSettings): Promise<Loading | null> {
  if (!allowLoad || modelsRoot === undefined || tokenFile === undefined) return null;
  if (!(await isFolder(modelsRoot))) throw userError({ where: modelsRoot, what: "it is a file", expected: "a folder" });
  const file = { what: "the token", expected: "a text of at least 16 characters", mostBytes: 4096 };
  const token = (await readText(tokenFile, file)).trim();
  if (token.length >= shortestToken && /^\S+$/.test(token)) return { root: modelsRoot, token };
  throw userError({ where: tokenFile, what: "it holds no token", expected: "at least 16 characters without spaces" });
}
