"""`ray submit cluster.yaml jobs/partition.py RUN ...`: what `deepminer partition` does, on the cluster."""

from deepminer_ray.cli import main_of

main_of("partition")
