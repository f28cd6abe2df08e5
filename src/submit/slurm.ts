/**
 * Batch scripts for Slurm.
 *
 * Shortly before a job's time is up Slurm sends USR1 to the script, which lets the command save what it has and puts the
 * job back into the queue. USR1 and not TERM: that one is also what a cancelled job gets, which is not to come back.
 * A job that loses a node is put back by Slurm itself; one over MPI stays and goes on with the nodes that are left.
 * @module
 */
import { type ClusterJob, type JobWord, partOfTask } from "./job.js";
import { shellWord } from "./shell.js";

/** What a Slurm job is given besides. */
export interface SlurmOptions {
  /** As `sbatch` takes it: minutes, `HH:MM:SS`, `D-HH:MM:SS`. */
  readonly time?: string | undefined;
  readonly partition?: string | undefined;
  readonly account?: string | undefined;
  /** A job that must have succeeded before. */
  readonly after?: number | undefined;
  /** Folder of the logs. */
  readonly logs: string;
  /** Lines of shell that are run before, such as `module load openmpi`. */
  readonly setup: readonly string[];
}

/** The batch script of a job. */
export function slurmScript(job: ClusterJob, options: SlurmOptions): string {
  const { shape, grace } = job;
  const parts = [
    ["#!/bin/bash", ...directives(job, options).map((one) => `#SBATCH --${one}`)],
    ["set -u", ...options.setup],
    [`command=(${commandOf(job)})`, `restarts=${job.restarts}`],
    [signals(grace)],
    [shape.kind === "ranks" ? overRanks(shape.perNode) : alone],
    [ending],
  ];
  return `${parts.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function directives({ name, shape, cpus, memory, gpus, grace }: ClusterJob, options: SlurmOptions): readonly string[] {
  const { time, partition, account, after, logs } = options;
  const given = (key: string, value: string | number | undefined) => (value === undefined ? [] : [`${key}=${value}`]);
  const layout =
    shape.kind === "ranks"
      ? [`nodes=${shape.nodes}`, `ntasks-per-node=${shape.perNode}`, "no-kill"]
      : ["nodes=1", "ntasks=1"];
  const array =
    shape.kind === "array" ? [`array=0-${shape.parts - 1}${shape.parallel ? `%${shape.parallel}` : ""}`] : [];
  return [
    `job-name=${name}`,
    ...array,
    ...layout,
    ...given("cpus-per-task", cpus),
    ...given("mem", memory),
    ...given("gpus-per-node", gpus),
    ...given("time", time),
    ...given("partition", partition),
    ...given("account", account),
    ...given("dependency", after === undefined ? undefined : `afterok:${after}`),
    "requeue",
    "open-mode=append",
    `output=${logs}/%x-${shape.kind === "array" ? "%A_%a" : "%j"}.log`,
    `signal=B:USR1@${grace}`,
  ];
}

function commandOf({ program, command, shape }: ClusterJob): string {
  const parts = shape.kind === "array" ? shape.parts : 1;
  const written = (word: JobWord) => (word === partOfTask ? `"$SLURM_ARRAY_TASK_ID/${parts}"` : shellWord(word));
  return [...program, ...command].map(written).join(" ");
}

const signals = (grace: number) => `\
child='' code=0 late='' signalled='' passed=''
# TERM: the job was cancelled, or makes room for another. USR1: its time is up in ${grace} seconds.
# In both cases the command saves what it has, and ends with 130. It is told once: twice would mean to stop at once.
pass() {
  signalled=yes
  if [ -n "$child" ] && [ -z "$passed" ]; then
    passed=yes
    kill -TERM "$child" 2>/dev/null
  fi
}
trap pass TERM
trap 'late=yes; pass' USR1

# Runs a command to its end, in \`code\`. A signal ends a wait before that, so there may be several.
run() {
  if [ -n "$signalled" ]; then
    code=130
    return
  fi
  "$@" &
  child=$!
  # One that came before the child had its name.
  [ -z "$signalled" ] || pass
  wait "$child"
  code=$?
  while [ -n "$signalled" ]; do
    signalled=''
    wait "$child" 2>/dev/null
    again=$?
    [ "$again" -eq 127 ] || code=$again
  done
  child=''
}`;

const alone = `run "\${command[@]}"`;

/** The nodes may become fewer; the number of ranks stays a power of two, and the result does not depend on it. */
const overRanks = (perNode: number) => `\
[ -z "\${SLURM_CPUS_PER_TASK:-}" ] || export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK
attempt=0
while [ "$attempt" -le "$restarts" ]; do
  attempt=$((attempt + 1))
  mapfile -t up < <(sinfo --noheader --Node --nodes="$SLURM_JOB_NODELIST" --states=idle,allocated,mixed --format=%N | sort -u)
  ranks=1
  while [ $((2 * ranks)) -le $((\${#up[@]} * ${perNode})) ]; do ranks=$((2 * ranks)); done
  nodes=$(((ranks + ${perNode - 1}) / ${perNode}))
  list=$(IFS=, && echo "\${up[*]:0:nodes}")
  echo "attempt $attempt: $ranks ranks on \${list:-no node}"
  code=1
  if [ -n "$list" ]; then
    run srun --mpi=pmix --nodes="$nodes" --ntasks="$ranks" --nodelist="$list" --kill-on-bad-exit=1 "\${command[@]}"
  fi
  # 0 done, 2 a mistake in the command, 130 stopped: all else may be a node that is gone.
  case $code in 0 | 2 | 130) break ;; esac
  [ -z "$signalled$passed" ] || break
  sleep 15
done`;

const ending = `\
job=$SLURM_JOB_ID
[ -z "\${SLURM_ARRAY_JOB_ID:-}" ] || job=\${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
if [ -n "$late" ] && [ "$code" -eq 130 ] && [ "\${SLURM_RESTART_COUNT:-0}" -lt "$restarts" ]; then
  scontrol requeue "$job" && exit 0
fi
exit "$code"`;
