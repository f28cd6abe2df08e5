#!/bin/bash
# Installs what the tests of clusters need, where that may be done: Debian's MPI, Slurm, munge and shellcheck, and a checker
# of Kubernetes' manifests from PyPI. Says what is missing where it may not; the tests then say so, too, and are skipped.
set -u
# Slurm looks for PMIx by a name that only its development package has.
packages=(openmpi-bin slurmctld slurmd slurm-client munge libpmix-dev iproute2 shellcheck)
missing=()
for package in "${packages[@]}"; do
  dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    # The daemons are started by the tests, each time anew, and not by the system.
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  else
    echo "not installed, for want of root and apt-get: ${missing[*]}" >&2
  fi
fi

venv=${CLUSTER_PYTHON:-$(dirname "$0")/../../node_modules/.cache/cluster-python}
if [ ! -x "$venv/bin/kubernetes-validate" ]; then
  python3 -m venv "$venv" && "$venv/bin/pip" install --quiet kubernetes-validate==1.37.0 || echo "no checker of manifests: python3 -m venv or pip failed" >&2
fi
