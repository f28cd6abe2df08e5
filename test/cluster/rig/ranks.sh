#!/bin/bash
# Hands in a job over two hosts, kills one of them when both have begun, and waits for the end: ranks.sh SCRIPT LOG FOLDER.
# Run by slurm.sh. The job's command makes a file of its rank's name in FOLDER when it begins. Prints how the job ended.
set -eu
sbatch --test-only "$1" 2>&1 | grep -o 'to start' || { echo "sbatch --test-only refused it" && exit 1; }
job=$(sbatch --parsable --output="$2" "$1")
for _ in $(seq 600); do
  [ ! -e "$3/begun-0-of-2" ] || [ ! -e "$3/begun-1-of-2" ] || break
  sleep 0.1
done
kill_host h2
for _ in $(seq 600); do
  [ -n "$(squeue --noheader --jobs="$job" 2>/dev/null)" ] || break
  sleep 0.5
done
scontrol show job "$job" | grep -o 'JobState=[A-Z]*\|Restarts=[0-9]*'
