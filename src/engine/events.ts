/**
 * What a training says while it runs. The command line, a server and a page consume the same events.
 * @module
 */

/** Quality on held-out data; rates are fractions from 0 to 1. */
export type Metrics = Readonly<Record<string, number>>;

export type TrainEvent =
  /** Something to know before it starts. */
  | { readonly kind: "note"; readonly text: string }
  /** How far the hidden states of a data set are computed. */
  | {
      readonly kind: "prepare";
      readonly what: string;
      readonly done: number;
      readonly total: number;
      readonly seconds: number;
    }
  | {
      readonly kind: "start";
      /** Step that runs next, counted from 0; above 0 after a resume. */
      readonly step: number;
      readonly totalSteps: number;
      readonly stepsPerEpoch: number;
      readonly examples: number;
      readonly parameters: number;
    }
  | {
      readonly kind: "step";
      /** Optimiser steps done, this one included. */
      readonly step: number;
      /** Counted from 1. */
      readonly epoch: number;
      /** Mean loss over the step's sentences. */
      readonly loss: number;
      readonly learningRate: number;
      /** Global L2 norm before clipping. */
      readonly gradNorm: number;
      readonly sentences: number;
      readonly seconds: number;
    }
  | {
      readonly kind: "eval";
      readonly step: number;
      /** Counted from 1. */
      readonly epoch: number;
      readonly metrics: Metrics;
      readonly best: boolean;
    }
  | { readonly kind: "checkpoint"; readonly step: number; readonly path: string }
  | {
      readonly kind: "done";
      readonly step: number;
      /** `interrupted`: stopped by the user; the last checkpoint continues it. */
      readonly reason: "completed" | "early-stop" | "interrupted";
      readonly bestStep: number;
    };

/** How a training ended. */
export type DoneEvent = Extract<TrainEvent, { kind: "done" }>;
