"""`ray submit cluster.yaml jobs/run.py RUN ...`: what `deepminer run` does, on the cluster."""

from deepminer_ray.cli import main_of

main_of("run")
