"""The benchmarks run, and say what they measured; how fast anything is, no test asks."""

import json
import re
from pathlib import Path

import pytest

from bench import __main__ as bench
from bench.figures import Bar, Figure, at_least, at_most


def test_a_bar_is_reached_at_its_value_and_missed_one_past_it() -> None:
    assert at_most(150).passed_by(150)
    assert not at_most(150).passed_by(151)
    assert at_least(30).passed_by(30)
    assert not at_least(30).passed_by(29)


@pytest.mark.parametrize("bar", [None, at_most(150), at_least(200_000)])
def test_a_figure_is_read_as_it_was_saved(bar: Bar | None) -> None:
    figure = Figure("way", 123.4, "scans/s", "what it is", bar)
    assert Figure.from_dict(json.loads(json.dumps(figure.to_dict()))) == figure


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str, **benches: list[Figure] | Exception) -> int:
    def one(made: list[Figure] | Exception, *, quick: bool) -> list[Figure]:
        assert quick == ("--quick" in arguments)
        if isinstance(made, Exception):
            raise made
        return made

    with monkeypatch.context() as patched:
        patched.setattr(
            bench, "BENCHES", {name: lambda quick, made=made: one(made, quick=quick) for name, made in benches.items()}
        )
        return bench.main(arguments)


FAST = Figure("fold", 150, "ns/scan", "a step", at_most(200))
SLOW = Figure("memory", 450, "bytes", "a parcel", at_most(400))


def test_each_figure_stands_beside_its_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, fold=[FAST]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"fold +150 ns/scan +PASS <= 200 +a step", shown)
    assert "1 of 1 bars passed" in shown


def test_a_missed_bar_is_an_error_unless_the_run_is_quick(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, fold=[FAST], memory=[SLOW]) == 1
    shown = capsys.readouterr().out
    assert "FAIL <= 400" in shown
    assert "1 of 2 bars passed; missed: memory" in shown
    assert run(monkeypatch, "--quick", memory=[SLOW]) == 0


def test_a_bench_that_can_not_run_says_why_and_the_others_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--quick", way=RuntimeError("no Java"), fold=[FAST]) == 1
    shown = capsys.readouterr().out
    assert "could not run: RuntimeError: no Java" in shown
    assert "PASS <= 200" in shown


def test_an_unknown_bench_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.main(["--only", "fold,bogus"])
    assert "got bogus" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.usefixtures("redis_server")
def test_the_benches_of_functions_and_memory_measure_every_bar(tmp_path: Path) -> None:
    saved = tmp_path / "results.json"
    bench.main(["--quick", "--only", "barcode,fold,memory", "--save", str(saved)])
    results = json.loads(saved.read_text())
    assert results["quick"]
    assert results["not_run"] == {}
    assert {"cpu", "cores", "python", "kafka", "redis", "commit"} <= results["machine"].keys()
    held = {figure["name"] for figure in results["figures"] if figure["bar"]}
    assert {"barcode.s10", "barcode.s10.times", "fold.in_order", "fold.late", "memory.parcel"} <= held
    assert all(figure["value"] > 0 for figure in results["figures"])
    # Nanoseconds say as much about the machine; what is held against a library in the same run, and bytes, do not.
    assert {figure["unit"] for figure in results["figures"] if figure["passed"] is False} <= {"ns/code", "ns/scan"}
