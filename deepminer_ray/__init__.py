"""DeepMiner as a distributed batch system: the units of a network for images, named, explained and scored."""

__version__ = "0.1.0"
