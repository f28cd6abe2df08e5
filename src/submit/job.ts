/**
 * A command line as a cluster is to run it, whichever cluster that is.
 * @module
 */

/** Stands in a command for the part that a task of an array does: `i/n`. */
export const partOfTask: unique symbol = Symbol("the task's part");

/** A word of a command line, or the place of the task's part. */
export type JobWord = string | typeof partOfTask;

/** How a job is laid out. */
export type JobShape =
  | {
      /** One process. */
      readonly kind: "single";
    }
  | {
      /** Many processes that do a part of the work each and know nothing of each other. */
      readonly kind: "array";
      readonly parts: number;
      /** How many may run at once; all where it is left out. */
      readonly parallel?: number;
      /** What is run once all parts are done. */
      readonly afterwards?: readonly string[];
    }
  | {
      /** Processes that train together, over MPI. */
      readonly kind: "ranks";
      readonly nodes: number;
      readonly perNode: number;
    };

/** What is run, and what one task of it is given. */
export interface ClusterJob {
  readonly name: string;
  /** What stands before the command's words: `kadapter`. */
  readonly program: readonly string[];
  readonly command: readonly JobWord[];
  readonly shape: JobShape;
  readonly cpus?: number | undefined;
  /** Such as `24G`. */
  readonly memory?: string | undefined;
  readonly gpus?: number | undefined;
  /** Seconds that the command has to save what it has before it is ended. */
  readonly grace: number;
  /** How often it is begun again. */
  readonly restarts: number;
}
