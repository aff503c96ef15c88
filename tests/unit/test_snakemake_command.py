"""Targets go in front, everything else stays."""

import pytest
from snakemake.cli import get_argument_parser

from cascade_efgan.snakemake_command import PAIR_OPTIONS, targets_first


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("--cores 8 --resources gpu=1 all", "all --cores 8 --resources gpu=1"),
        ("--resources gpu=1 mem_mb=100 all -n", "all --resources gpu=1 mem_mb=100 -n"),
        ("--config preset=smoke all", "all --config preset=smoke"),
        ("-C preset=smoke a.md b.md", "a.md b.md -C preset=smoke"),
        ("--default-resources all", "all --default-resources"),
        ("--resources=gpu=1 all", "--resources=gpu=1 all"),
        ("-n --cores 8 all", "-n --cores 8 all"),
        ("results/ablation_table.md", "results/ablation_table.md"),
        ("--config preset=smoke -- all", "--config preset=smoke -- all"),
        ("--forcerun train --config a=b x", "x --forcerun train --config a=b"),
        ("--configfile x.yaml y.yaml", "--configfile x.yaml y.yaml"),
        ("", ""),
    ],
)
def test_bare_words_among_pairs_become_targets(line: str, expected: str) -> None:
    assert targets_first(line.split()) == expected.split()


def test_values_with_spaces_stay_pairs() -> None:
    assert targets_first(["--config", "train={epochs: 3}", "all"]) == ["all", "--config", "train={epochs: 3}"]


def test_the_parser_of_the_pinned_snakemake_gets_target_and_resource_back() -> None:
    args = get_argument_parser().parse_args(targets_first(["--cores", "8", "--resources", "gpu=1", "all"]))
    assert list(args.targets) == ["all"]
    assert set(args.resources) == {"gpu"}


def test_the_list_of_pair_options_is_the_pinned_snakemakes() -> None:
    """Its help shows such options with `=` in the word's name, but for the two about groups, which have no name."""
    found = set()
    for action in get_argument_parser()._actions:
        pairs = "=" in str(action.metavar) or action.dest in ("groups", "group_components")
        if action.nargs in ("+", "*") and (pairs or action.dest.endswith("default_resources")):
            found.update(action.option_strings)
    assert found == PAIR_OPTIONS
