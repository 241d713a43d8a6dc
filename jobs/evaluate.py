"""`ray submit cluster.yaml jobs/evaluate.py RUN ...`: what `deepminer evaluate` does, on the cluster."""

from deepminer_ray.cli import main_of

main_of("evaluate")
