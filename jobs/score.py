"""`ray submit cluster.yaml jobs/score.py RUN ...`: what `deepminer score` does, on the cluster."""

from deepminer_ray.cli import main_of

main_of("score")
