"""The arguments and options of the commands: one name and one help text for each, wherever it is used."""

from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[Path, typer.Argument(metavar="RUN", help="the run's folder")]
Source = Annotated[str, typer.Argument(metavar="SOURCE", help="the directory that holds the mammograms")]
SourceKind = Annotated[str | None, typer.Option(help="ddsm or manifest, where it should not be recognised")]
Again = Annotated[bool, typer.Option("--again", help="do it anew, dropping every later stage")]
Workers = Annotated[int, typer.Option(min=1, help="Ray workers")]
Partitions = Annotated[list[str] | None, typer.Option(help="train, test, holdout (repeat the option) or all")]
Train = Annotated[float, typer.Option(help="share of the patients")]
Test = Annotated[float, typer.Option(help="share of the patients; the rest is holdout")]
Lists = Annotated[
    str | None, typer.Option(metavar="CSV", help="patients and their partitions; or CBIS-DDSM's directory")
]
Side = Annotated[int, typer.Option(help="px; a film is resized to 4 patches across")]
Network = Annotated[str, typer.Option(help="a torchvision network")]
Weights = Annotated[str, typer.Option(help="default, none or the file of a state dict")]
Epochs = Annotated[int, typer.Option(min=1)]
Batch = Annotated[int, typer.Option(min=1, help="patches a step, over all workers")]
LearningRate = Annotated[float, typer.Option()]
DecayFromEpoch = Annotated[int, typer.Option(help="a tenth of the learning rate from here on")]
Normalisation = Annotated[str, typer.Option(help="what the weights expect: imagenet or caffe")]
Normals = Annotated[int | None, typer.Option(help="normal patches for each with a finding; all by default")]
Gpu = Annotated[bool, typer.Option("--gpu/--cpu")]
Seed = Annotated[int, typer.Option()]
ShuffleLabels = Annotated[bool, typer.Option("--shuffle-labels", help="deal the training labels out at random")]
Checkpoint = Annotated[str | None, typer.Option(metavar="RUN|FILE", help="another network than the run's own")]
Vectors = Annotated[str | None, typer.Option(metavar="FILE", help="word2vec or GloVe vectors")]
Layer = Annotated[str, typer.Option(help="as torch names it among the features; the last feeds the linear layer")]
Half = Annotated[bool, typer.Option("--half", help="features in half precision")]
FromLesions = Annotated[
    bool, typer.Option("--from-lesions", help="name units after the lesions their top patches show")
]
