"""`ray submit cluster.yaml jobs/annotate.py RUN ...`: what `deepminer annotate` does, on the cluster."""

from deepminer_ray.cli import main_of

main_of("annotate")
