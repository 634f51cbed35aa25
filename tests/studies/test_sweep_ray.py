"""A sweep on a cluster of two nodes."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from sweep_helpers import QUICK, start, write_spec

from bsff.studies.sweep import Results


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("RAY_worker_niceness", "0")  # by default 15: beside other tests it would hardly get a turn
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Ray's own
        utils = pytest.importorskip("ray.cluster_utils", reason="needs ray")
        found = utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        found.add_node(num_cpus=1)
        try:
            yield found.address
        finally:
            found.shutdown()


@pytest.mark.long
def test_two_nodes_share_a_sweep(tmp_path: Path, cluster: str) -> None:
    spec = write_spec(tmp_path, QUICK + "[grid]\nseed = [0, 1, 2, 3]\n")
    process = start("sweep", spec, "--ray", cluster)
    out, err = process.communicate(timeout=500)
    assert process.returncode == 0, err
    assert "4/4" in out
    rows = Results(tmp_path / "spec.csv").rows
    assert [row["training.seed"] for row in rows] == ["0", "1", "2", "3"]
    assert len({row["node"] for row in rows}) == 2


@pytest.mark.slow
def test_no_cluster_is_explained(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="needs ray")
    process = start("sweep", write_spec(tmp_path, QUICK), "--ray", "127.0.0.1:1")
    _, err = process.communicate(timeout=500)
    assert process.returncode == 2
    assert "--ray 127.0.0.1:1: no cluster there" in err
