#!/bin/bash
# Runs a command on a cluster of its own: slurm.sh FOLDER COMMAND…
#
# Two hosts (h1, h2) and a controller (h0), each a network namespace with its own name and /tmp, on a bridge. All of it lives
# in namespaces of this process: no file, process or network of the machine is touched, and everything ends with the command.
# FOLDER takes the daemons' logs and is the same on all hosts, as is everything outside of /tmp.
set -eu
if [ "${RIG_INSIDE:-}" = "" ]; then
  # A path of its own, as the shell that unshares has another working directory.
  RIG_INSIDE=yes exec unshare --net --mount --uts --pid --fork --kill-child --mount-proc "$(realpath "$0")" "$@"
fi
folder=$(realpath "$1")
shift
mount --make-rprivate /
for place in /run /etc/slurm /etc/munge /var/lib/munge /var/log/munge; do
  mkdir -p "$place"
  mount -t tmpfs -o mode=755 tmpfs "$place"
done
mkdir -p /run/netns /run/munge "$folder/state"

# The network: a bridge, and a cable to each host.
net=10.213.7
printf '127.0.0.1 localhost\n%s.1 h0\n%s.11 h1\n%s.12 h2\n' $net $net $net >"/run/hosts"
mount --bind /run/hosts /etc/hosts
hostname h0
ip link set lo up
ip link add rig type bridge
ip addr add $net.1/24 dev rig
ip link set rig up
for i in 1 2; do
  ip netns add h$i
  ip link add cable$i type veth peer name e0 netns h$i
  ip link set cable$i master rig up
  ip -n h$i addr add $net.1$i/24 dev e0
  ip -n h$i link set e0 up
  ip -n h$i link set lo up
done

# Who talks to whom is proved by munge.
head -c 1024 /dev/urandom >/etc/munge/munge.key
chown -R munge:munge /etc/munge /run/munge /var/lib/munge /var/log/munge
chmod 400 /etc/munge/munge.key
setpriv --reuid=munge --regid=munge --clear-groups munged

cat >/etc/slurm/slurm.conf <<CONF
ClusterName=rig
SlurmctldHost=h0($net.1)
SlurmUser=root
AuthType=auth/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool-%n
SlurmctldPidFile=/run/slurmctld.pid
SlurmdPidFile=/run/slurmd-%n.pid
SlurmctldLogFile=$folder/controller.log
SlurmdLogFile=$folder/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=2,bf_interval=2
ReturnToService=2
SlurmdTimeout=10
KillWait=5
MpiDefault=none
MinJobAge=600
NodeName=h[1-2] CPUs=2 State=UNKNOWN
PartitionName=all Nodes=h[1-2] Default=YES MaxTime=60 State=UP
CONF
# Without this Slurm looks for a cgroup that a network namespace hides.
printf 'CgroupPlugin=cgroup/v1\nCgroupAutomount=no\n' >/etc/slurm/cgroup.conf
slurmctld -D &>/dev/null &
for i in 1 2; do
  mkdir -p "$folder/spool-h$i"
  # nsenter and not `ip netns exec`, which mounts another /sys. Each host has its own /tmp: PMIx names its files by job alone.
  nsenter --net=/run/netns/h$i unshare --uts --mount bash -c "
    hostname h$i
    mount -t tmpfs tmpfs /tmp
    mount -t tmpfs tmpfs /dev/shm
    exec slurmd -D" &>/dev/null &
done

up=no
for _ in $(seq 120); do
  [ "$(sinfo --noheader --states=idle --format=%D 2>/dev/null)" != 2 ] || { up=yes && break; }
  sleep 0.5
done
if [ "$up" = no ]; then
  echo "the cluster did not come up; see $folder" >&2
  exit 70
fi

# For the command: kills a host and all that runs on it, as when its power fails.
kill_host() { ip netns pids "$1" | xargs --no-run-if-empty kill -KILL; }
export -f kill_host
export OMPI_MCA_btl_tcp_if_include=$net.0/24 OMPI_MCA_oob_tcp_if_include=$net.0/24
"$@"
