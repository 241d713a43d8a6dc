"""`ray submit cluster.yaml jobs/train.py RUN ...`: what `deepminer train` does, on the cluster."""

from deepminer_ray.cli import main_of

main_of("train")
