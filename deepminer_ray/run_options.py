"""The options of `run`: those of the stages that it calls."""

from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from typing import Any

from deepminer_ray.errors import BadInput
from deepminer_ray.option import about, type_of
from deepminer_ray.options import (
    AnnotateOptions,
    CatalogOptions,
    CutOptions,
    EvaluateOptions,
    ExplainOptions,
    PartitionOptions,
    ProbeOptions,
    RankOptions,
    ScoreOptions,
    TrainingOptions,
)


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """The options of all stages that `run` calls, each under its stage's name."""

    catalog: CatalogOptions
    partition: PartitionOptions
    cut: CutOptions
    train: TrainingOptions
    probe: ProbeOptions
    evaluate: EvaluateOptions
    rank: RankOptions
    annotate: AnnotateOptions
    explain: ExplainOptions
    score: ScoreOptions

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "RunOptions":
        """Each value for all stages that have an option of its name; BadInput for a name that none has."""
        names = {stage.name: {of.name for of in fields(type_of(stage))} for stage in fields(cls)}
        if unknown := sorted(given.keys() - set[str]().union(*names.values())):
            raise BadInput(f"`run` has no option {unknown[0]!r}.")
        return cls(
            **{
                stage.name: type_of(stage)(**{name: given[name] for name in given.keys() & names[stage.name]})
                for stage in fields(cls)
            }
        )


def run_options() -> dict[str, "Field[Any]"]:
    """The options that `run` has, by name."""
    merged: dict[str, Field[Any]] = {}
    for stage in fields(RunOptions):
        for of in fields(type_of(stage)):
            if about(of).in_run:
                merged.setdefault(of.name, of)
    return merged
