"""`ray submit cluster.yaml jobs/rank.py RUN ...`: what `deepminer rank` does, on the cluster."""

from deepminer_ray.cli import main_of

main_of("rank")
