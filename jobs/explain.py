"""`ray submit cluster.yaml jobs/explain.py RUN ...`: what `deepminer explain` does, on the cluster."""

from deepminer_ray.cli import main_of

main_of("explain")
