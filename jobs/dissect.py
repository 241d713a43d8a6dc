"""`ray submit cluster.yaml jobs/dissect.py RUN ...`: what `deepminer dissect` does, on the cluster."""

from deepminer_ray.cli import main_of

main_of("dissect")
