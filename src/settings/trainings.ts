import { factualSettings } from "./factual.js";
import { choiceSettings, openQaSettings, relationsSettings, typingSettings } from "./finetune.js";
import { languageModelSettings } from "./language-model.js";
import { linguisticSettings } from "./linguistic.js";
import { multitaskSettings } from "./multitask.js";
import { recallSettings } from "./recall.js";
import type { Table } from "./setting.js";

/** The trainings that a sweep can run, by their words on the command line. */
export const trainingTables: ReadonlyMap<string, Table> = new Map<string, Table>([
  ["pretrain factual", factualSettings],
  ["pretrain linguistic", linguisticSettings],
  ["pretrain recall", recallSettings],
  ["teach", recallSettings],
  ["pretrain lm", languageModelSettings],
  ["pretrain multitask", multitaskSettings],
  ["finetune relations", relationsSettings],
  ["finetune entity-typing", typingSettings],
  ["finetune multiple-choice", choiceSettings],
  ["finetune open-qa", openQaSettings],
]);
