"""Options are declared once: the classes, the commands, the page of options and what a stage keeps agree."""

import runpy
from dataclasses import fields, make_dataclass
from pathlib import Path
from typing import Any, get_args

import pytest
import typer

from deepminer_ray import options as module
from deepminer_ray import paper
from deepminer_ray.cli import app
from deepminer_ray.database.tables import STAGES
from deepminer_ray.errors import BadInput
from deepminer_ray.explanations.truth import LEAST_PATIENTS
from deepminer_ray.network.backbone import POOLS
from deepminer_ray.network.geometry import LAYER
from deepminer_ray.network.training import OPTIMIZERS, SCHEDULES, Recipe
from deepminer_ray.option import Options, about, option, takes, type_of
from deepminer_ray.options import (
    AnnotateOptions,
    CatalogOptions,
    CutOptions,
    DissectOptions,
    ExplainOptions,
    PartitionOptions,
    PlanOptions,
    ProbeOptions,
    RankOptions,
    TrainingOptions,
)
from deepminer_ray.run_options import RunOptions, run_options
from deepminer_ray.stages.annotate import CONTRAST
from deepminer_ray.stages.train import recipe_of

ROOT = Path(__file__).parents[1]
COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
CLASSES: dict[str, Any] = {of.name: type_of(of) for of in fields(RunOptions)}
CLASSES |= {"dissect": DissectOptions, "plan": PlanOptions}
STORED = {
    "catalog": "source source_kind",
    "partition": "train test validation seed lists",
    "cut": "side breast cover within storage",
    "train": "network weights classes until pool epochs batch learning_rate decay_from_epoch optimizer schedule "
    "normalisation balance keep at_once mixed seed normals shuffle_labels",
    "probe": "checkpoint layer half",
    "evaluate": "partitions sensitivity",
    "rank": "top ranked top_patches partitions",
    "explain": "partitions pdf",
    "score": "vectors partitions seed",
    "dissect": "share permuted patients seed",
}
"""What finished stages keep of their options; a run's stage is only found again with all of them."""


def parameters(command: str) -> dict[str, Any]:
    return {parameter.name: parameter for parameter in COMMANDS[command].params if parameter.name != "help"}


@pytest.mark.parametrize("command", CLASSES)
def test_a_command_has_the_options_of_its_class(command: str) -> None:
    known = parameters(command)
    names = [of.name for of in fields(CLASSES[command])]
    assert [name for name in known if name not in ("folder", "json")] == names
    for of in fields(CLASSES[command]):
        shown, said = known[of.name], about(of)
        assert (shown.help, shown.metavar, shown.min, shown.max) == (said.help, said.metavar, said.least, said.most)
        assert shown.required or shown.default == of.default
        assert shown.opts[0].startswith("--") is not said.argument
        assert bool(shown.secondary_opts) == ("/" in (said.flag or ""))


def test_run_has_the_options_of_its_stages_and_needs_none() -> None:
    known = parameters("run")
    assert list(known) == ["folder", *run_options()]
    assert not any(parameter.required for name, parameter in known.items() if name != "folder")
    left_out = {of.name for stage in fields(RunOptions) for of in fields(type_of(stage))} - known.keys()
    assert left_out == {
        *("again", "breast", "cover", "within", "layer", "half", "top", "ranked", "top_patches", "scan", "image", "pdf")
    }


def test_the_page_of_options_is_what_the_commands_say() -> None:
    page = runpy.run_path(str(ROOT / "docs" / "options.py"))["page"]()
    assert (ROOT / "docs" / "options.md").read_text() == page, "run `python docs/options.py`"
    for command, shown in COMMANDS.items():
        for parameter in shown.params:
            if parameter.opts[0].startswith("--") and parameter.name != "help":
                assert any(f"`{parameter.opts[0]}" in row and command in row for row in page.splitlines())


@pytest.mark.parametrize("stage", STORED)
def test_what_a_stage_keeps(stage: str) -> None:
    given = {"source": "films"} if stage == "catalog" else {}
    assert set(CLASSES[stage](**given).stored()) == set(STORED[stage].split())
    assert set(STORED) == set(STAGES)


def test_defaults_that_options_cannot_import_are_those_of_the_code() -> None:
    """These are said beside torch or in rooms above, which `--help` does not load."""
    options = TrainingOptions()
    assert (options.pool, options.optimizer, options.schedule) == (POOLS[0], OPTIMIZERS[0], SCHEDULES[0])
    assert ProbeOptions().layer == LAYER and AnnotateOptions().naming == CONTRAST
    assert DissectOptions().patients == LEAST_PATIENTS


def test_a_new_field_of_training_is_an_option_is_kept_and_reaches_the_recipe() -> None:
    """One place: what is added here by a class is a line in `TrainingOptions`."""
    more: Any = make_dataclass(
        "More",
        [("momentum", float, option(0.9, "of the optimizer", most=1))],
        bases=(TrainingOptions,),
        frozen=True,
        kw_only=True,
    )
    from deepminer_ray.cli.options import parameter, spread

    made = more(momentum=0.5, flips=True)
    assert made.stored()["momentum"] == 0.5
    assert recipe_of(made).momentum == 0.5 and recipe_of(made).augmentation.flips

    def train(options: Any) -> None:
        given.append(options)

    given: list[Any] = []
    train.__annotations__["options"] = more
    commands = typer.Typer()
    commands.command()(spread(train))
    commands(["--momentum", "0.25"], standalone_mode=False)
    assert given[0].momentum == 0.25 and given[0].epochs is None
    assert parameter(fields(more)[-1]).name == "momentum"


def test_a_recipe_is_the_options_with_what_they_leave_open() -> None:
    recipe = recipe_of(TrainingOptions(preset="authors", network="resnet18", jitter=0.5))
    assert isinstance(recipe, Recipe)
    assert (recipe.epochs, recipe.decay_from_epoch) == (paper.EPOCHS, paper.DECAY_FROM_EPOCH)
    assert (recipe.momentum, recipe.weight_decay) == (paper.MOMENTUM, paper.WEIGHT_DECAY)
    assert recipe.augmentation.jitter == 0.5 and recipe.normalisation == "imagenet"


@pytest.mark.parametrize(
    ("kind", "given", "sentence"),
    [
        (CutOptions, {"side": "64"}, "`side` cannot be '64'"),
        (CutOptions, {"side": True}, "`side` cannot be True"),
        (CutOptions, {"side": None}, "`side` cannot be None"),
        (PartitionOptions, {"validation": 1}, "`validation` cannot be 1: use at most 0.9"),
        (PartitionOptions, {"seed": -1}, "`seed` cannot be -1: use at least 0"),
        (RankOptions, {"partitions": "test"}, "`partitions` cannot be 'test'"),
        (RankOptions, {"partitions": [1]}, r"`partitions` cannot be \(1,\)"),
        (TrainingOptions, {"gpu": 1}, "`gpu` cannot be 1"),
        (CatalogOptions, {"source": Path("films")}, "`source` cannot be "),
    ],
)
def test_values_out_of_bounds_or_of_another_type_are_refused(kind: Any, given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        kind(**given)


def test_whole_numbers_are_shares_and_lists_become_tuples() -> None:
    assert PartitionOptions(validation=0).validation == 0
    assert RankOptions(partitions=["all"]).partitions == ("all",)  # type: ignore[arg-type]
    assert ExplainOptions(image=[Path("own.png")]).image == (Path("own.png"),)  # type: ignore[arg-type]


def test_each_value_goes_to_all_stages_that_have_its_option() -> None:
    options = RunOptions.of({"source": "films", "seed": 7, "workers": 2, "partitions": ["all"], "top": 4})
    assert options.partition.seed == options.train.seed == options.score.seed == 7
    assert options.train.workers == options.probe.workers == options.explain.workers == 2
    assert options.evaluate.partitions == options.score.partitions == ("all",)
    assert options.rank.top == 4 and options.cut == CutOptions()
    with pytest.raises(BadInput, match="`run` has no option 'colour'"):
        RunOptions.of({"source": "films", "colour": "red"})


def test_a_stage_is_called_with_its_options_or_with_their_values() -> None:
    seen: list[Options] = []

    @takes(CutOptions)
    def stage(run: str, options: CutOptions) -> None:
        seen.append(options)

    stage("run", side=64)
    stage("run", CutOptions(side=64))
    assert seen[0] == seen[1] == CutOptions(side=64)
    with pytest.raises(TypeError, match="sied"):
        stage("run", sied=64)  # type: ignore[call-overload]


def test_every_class_is_of_a_command() -> None:
    declared = {kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, Options)}
    assert declared - {Options} == set(CLASSES.values())
    for kind in declared - {Options}:
        for of in fields(kind):
            assert about(of).help and (get_args(type_of(of)) or isinstance(type_of(of), type)), of.name
