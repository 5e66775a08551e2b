"""Who makes shards: processes of this machine, a Ray cluster, or the tasks that Slurm or Kubernetes starts."""
