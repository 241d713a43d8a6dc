"""`ray submit cluster.yaml jobs/cut.py RUN ...`: what `deepminer cut` does, on the cluster."""

from deepminer_ray.cli import main_of

main_of("cut")
