/**
 * Settings of the server.
 * @module
 */
import { setting } from "../errors.js";
import { group, type Settings } from "./setting.js";
import { dataSettings, runtimeSettings } from "./shared.js";
import { count, namedFolders, optionalCount, text, toggle, whole } from "./values.js";

/** `serve`. */
export const serveSettings = {
  ...group("Models", {
    adapter: {
      type: "text",
      argument: "name=dir...",
      schema: namedFolders.default({}),
      expects: "models as NAME=DIR",
      help: "adapters and fine-tuned models that are served, as NAME=DIR; they share their backbone",
      basic: true,
    },
    backbone: {
      ...dataSettings.backbone,
      schema: text.optional(),
      help: "the language model that is asked where a request names no adapter: a folder or a Hugging Face id",
      otherwise: "that of the first model, else the package's own",
    },
    allowLoad: {
      ...toggle("models may be loaded and unloaded over HTTP, by whoever has the token"),
      basic: true,
      check: ({ allowLoad, modelsRoot, tokenFile }: Readonly<Record<string, unknown>>) =>
        allowLoad === true && (modelsRoot === undefined || tokenFile === undefined)
          ? {
              what: "a folder and a token are missing",
              expected: `${setting("modelsRoot")} and ${setting("tokenFile")}`,
            }
          : undefined,
    },
    modelsRoot: {
      type: "text",
      argument: "dir",
      schema: text.optional(),
      expects: "a folder",
      help: "only folders below it may be loaded over HTTP",
      otherwise: "nothing may be loaded",
    },
    tokenFile: {
      type: "text",
      argument: "file",
      schema: text.optional(),
      expects: "a file with a token of at least 16 characters",
      help: "file that holds what whoever loads models must send as `Authorization: Bearer TOKEN`",
      otherwise: "nothing may be loaded",
    },
    mostModels: count(
      1,
      64,
      "models that are open at a time; of those loaded over HTTP the one unused the longest makes room",
      4096,
    ),
  }),
  ...group("Server", {
    host: {
      type: "text",
      argument: "address",
      schema: text.default("127.0.0.1"),
      expects: "an address of this machine such as 127.0.0.1 or 0.0.0.0",
      help: "address that is listened at; 0.0.0.0 lets other machines ask",
      basic: true,
    },
    port: {
      ...count(0, 8080, "port that is listened at; 0 takes one that is free"),
      schema: whole(0, 65_535).default(8080),
      expects: "a whole number from 0 to 65535",
      basic: true,
    },
    grpcPort: {
      ...optionalCount(0, "port for the Open Inference Protocol over gRPC; 0 takes one that is free", 65_535),
      expects: "a whole number from 0 to 65535",
      otherwise: "no gRPC",
    },
    batchTokens: count(1, 2048, "tokens of one forward pass: the longest text times the number of texts", 10_000_000),
    queueTokens: count(
      1,
      262_144,
      "tokens of all requests under way; what comes on top is answered with 429",
      1_000_000_000,
    ),
    bodyLimit: count(1024, 1_048_576, "bytes of a request's body", 268_435_456),
  }),
  ...runtimeSettings,
};

export type ServeSettings = Settings<typeof serveSettings>;
