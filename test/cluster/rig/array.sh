#!/bin/bash
# Hands in an array, kills the host that runs a part of it, and waits for the end: array.sh SCRIPT. Run by slurm.sh.
# Prints one line for each thing that happened; the last one is the number of tasks that ended well.
set -eu
sbatch --test-only "$1" 2>&1 | grep -o 'to start' || { echo "sbatch --test-only refused it" && exit 1; }
job=$(sbatch --parsable "$1")
running_on() { squeue --noheader --jobs="$job" --states=running --nodelist="$1" --format=%K 2>/dev/null | sort -n; }
victims=
for _ in $(seq 600); do
  victims=$(running_on h2 | paste -sd' ')
  [ -z "$victims" ] || break
  sleep 0.1
done
sleep 1
kill_host h2
echo "h2 died with tasks $victims"
for _ in $(seq 600); do
  [ "$(squeue --noheader --jobs="$job" --array 2>/dev/null | wc -l)" != 0 ] || break
  sleep 0.5
done
restarts=$(scontrol show job "$job" | grep -o 'Restarts=[1-9]' | wc -l)
echo "$restarts tasks were begun again"
scontrol show job "$job" | grep -c 'JobState=COMPLETED'
