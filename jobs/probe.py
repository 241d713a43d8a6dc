"""`ray submit cluster.yaml jobs/probe.py RUN ...`: what `deepminer probe` does, on the cluster."""

from deepminer_ray.cli import main_of

main_of("probe")
