"""`ray submit cluster.yaml jobs/catalog.py RUN ...`: what `deepminer catalog` does, on the cluster."""

from deepminer_ray.cli import main_of

main_of("catalog")
