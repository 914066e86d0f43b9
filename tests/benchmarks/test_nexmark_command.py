"""``python -m benchmarks.nexmark``."""

import pyarrow.parquet as pq
import pytest

from benchmarks.nexmark.__main__ import main


def test_one_query_and_its_events(tmp_path, capsys):
    arguments = ["--query", "2", "--events", "5000", "--out", str(tmp_path), "--group", "10"]
    main([*arguments, "--dump-events", str(tmp_path / "events"), "--parallelism", "2"])
    assert capsys.readouterr().out.startswith("q2: 4,600 in, ")
    tables = {path.stem: pq.read_table(path) for path in (tmp_path / "events").glob("*.parquet")}
    assert {name: table.num_rows for name, table in tables.items()} == {
        "persons": 100,
        "auctions": 300,
        "bids": 4600,
        "side_input": 10_000,
    }
    chosen = [bid for bid in tables["bids"]["auction"].to_pylist() if bid % 123 == 0]
    assert sorted(pq.read_table(tmp_path / "q2")["auction"].to_pylist()) == sorted(chosen)


def test_a_second_run_replaces_the_result(tmp_path):
    for runner in ("trio", "deterministic"):
        main(["--query", "q0,22", "--events", "50", "--out", str(tmp_path), "--runner", runner])
    assert [pq.read_table(tmp_path / name).num_rows for name in ("q0", "q22")] == [46, 46]


def test_all_queries(tmp_path, capsys):
    main(["--query", "all", "--events", "100", "--out", str(tmp_path)])
    names = [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()]
    assert names == [f"q{number}" for number in range(24) if number != 10]
    assert {path.name for path in tmp_path.iterdir()} == set(names)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--query", "10"], "there is no query 10; there are 0, 1, 2"),
        (["--query", "five"], "'five' is not a number, several numbers, or 'all'"),
        (["--query", "0", "--events", "-1"], "nexmark events -1 is out of range"),
        (["--query", "0", "--group", "953"], "multiple of 953"),
        (["--query", "0", "--parallelism", "0"], "parallelism 0 is not at least 1"),
    ],
)
def test_what_is_refused(arguments, message, tmp_path, capsys):
    with pytest.raises(SystemExit) as refused:
        main([*arguments, "--out", str(tmp_path)])
    assert refused.value.code == 2
    assert message in capsys.readouterr().err


def test_an_output_that_is_a_file(tmp_path, capsys):
    (tmp_path / "q0").write_text("")
    with pytest.raises(SystemExit) as failed:
        main(["--query", "0", "--events", "50", "--out", str(tmp_path)])
    assert failed.value.code == 1
    assert "q0" in capsys.readouterr().err
