/**
 * What a training says while it runs. The command line, a server and a page consume the same events.
 * @module
 */

/** Quality on held-out data; rates are fractions from 0 to 1. */
export type Metrics = Readonly<Record<string, number>>;

/** What a training says while it runs; `kind` tells which. */
export type TrainEvent =
  | {
      /** Something to know before it starts. */
      readonly kind: "note";
      /** One line. */
      readonly text: string;
    }
  | {
      /** How far the hidden states of a data set are computed. */
      readonly kind: "prepare";
      /** The data set. */
      readonly what: string;
      /** Texts that are done. */
      readonly done: number;
      /** Texts in all. */
      readonly total: number;
      /** Since it began. */
      readonly seconds: number;
    }
  | {
      /** The steps begin. */
      readonly kind: "start";
      /** Step that runs next, counted from 0; above 0 after a resume. */
      readonly step: number;
      /** Steps of the whole training. */
      readonly totalSteps: number;
      /** Steps of one pass over the examples. */
      readonly stepsPerEpoch: number;
      /** Examples of one pass. */
      readonly examples: number;
      /** Numbers that learn. */
      readonly parameters: number;
    }
  | {
      /** An optimiser step was done. */
      readonly kind: "step";
      /** Optimiser steps done, this one included. */
      readonly step: number;
      /** Counted from 1. */
      readonly epoch: number;
      /** Mean loss over the step's sentences. */
      readonly loss: number;
      /** As the schedule had it for this step. */
      readonly learningRate: number;
      /** Global L2 norm before clipping. */
      readonly gradNorm: number;
      /** Sentences of the step. */
      readonly sentences: number;
      /** That the step took. */
      readonly seconds: number;
    }
  | {
      /** The model was measured on the data for evaluation. */
      readonly kind: "eval";
      /** Optimiser steps done. */
      readonly step: number;
      /** Counted from 1. */
      readonly epoch: number;
      /** Quality by name. */
      readonly metrics: Metrics;
      /** Whether it is the best one so far: its parameters are kept. */
      readonly best: boolean;
    }
  | {
      /** A checkpoint was written: the training can go on from it. */
      readonly kind: "checkpoint";
      /** Optimiser steps done. */
      readonly step: number;
      /** The checkpoint's file. */
      readonly path: string;
    }
  | {
      /** The steps are at their end. */
      readonly kind: "done";
      /** Optimiser steps done. */
      readonly step: number;
      /** `interrupted`: stopped by the user; the last checkpoint continues it. */
      readonly reason: "completed" | "early-stop" | "interrupted";
      /** The step after which the model was at its best. */
      readonly bestStep: number;
    };

/** How a training ended. */
export type DoneEvent = Extract<TrainEvent, { kind: "done" }>;
