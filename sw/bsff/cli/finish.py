"""The end of a training or an evaluation: test, ``metrics.json``, pictures, a short table."""

from typing import Any

from bsff.config import Config
from bsff.data import Dataset
from bsff.machine import Accelerator
from bsff.machine.checkpoint import Progress
from bsff.training.evaluate import evaluate
from bsff.training.run import RunDirectory
from bsff.training.train import final_metrics


def finish(
    machine: Accelerator, config: Config, directory: RunDirectory, device: str, progress: Progress, data: Dataset
) -> dict[str, Any]:
    """Test the machine as the configuration says and write down what came out; returns the ``final`` metrics."""
    test = evaluate(
        machine,
        data.test_images,
        data.test_labels,
        draws=config.training.test_draws,
        seed=config.training.seed,
        epoch=config.training.epochs,
    )
    final = final_metrics(config, test, progress)
    directory.write_metrics(config, device, progress, final)
    drawn = _draw(machine, directory, progress, final, data)
    draws = "one draw" if config.training.test_draws == 1 else f"{config.training.test_draws} draws"
    print(f"{data.label}, {final['test_samples']:,} test samples, {draws} each:")
    for name, value in test.accuracies().items():
        chosen = "  <- test_accuracy" if name == final["predictor"] else ""
        print(f"  {name:<8}{100 * value:6.2f} %{chosen}")
    if final["samples_per_second"]:
        print(f"  {final['samples_per_second']:,.0f} training samples/s")
    print(f"{directory.path}: {', '.join(['metrics.json', 'checkpoint.npz', *drawn])}")
    return final


def _draw(
    machine: Accelerator, directory: RunDirectory, progress: Progress, final: dict[str, Any], data: Dataset
) -> list[str]:
    """Names of the pictures; none without matplotlib."""
    try:
        from bsff.training import pictures
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "matplotlib":
            raise
        return []  # the command has told
    drawn = pictures.all_pictures(
        directory.path, machine.geometry, machine.read_state(), progress.epochs, final, data.classes
    )
    return [path.name for path in drawn]
