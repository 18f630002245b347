"""A run's folder: started once, resumed only as what it was started as.

It holds ``run.json`` (what the run is made of), ``checkpoints/``, ``samples/`` (grids) and ``metrics.jsonl``.
"""

import json
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from training.batches import RealImages, require_reducible
from training.checkpoint import checkpoints, load_checkpoint, origin_of, set_aside, tidy
from training.dataset import Dataset, open_dataset
from training.device import keep_memory, pick_device, pick_precision, use_threads
from training.display import training_display
from training.distributed import ONE, Processes, joined
from training.errors import UserError
from training.files import new_file, new_folder
from training.interrupts import stop_on_signal
from training.lock import sole_training
from training.networks import Family, family_named
from training.selection import Where, rows_where
from training.settings import MAY_CHANGE, as_configuration, change, differences, load
from training.state import Origin, first_of, new_state, origin_from
from training.trainer import Trainer, seeds_of

RUN = "run.json"
DEFAULT_PRESET = "quick"


class DifferentRun(UserError):  # noqa: N818 - named for what it is
    """A run or checkpoint is of another configuration, dataset, seed or family than asked for."""


def started(
    run: Path,
    family: str,
    dataset: Dataset,
    preset: str | None,
    changes: Sequence[str],
    seed: int,
    where: Where | None = None,
    processes: Processes = ONE,
) -> Trainer:
    """Make the run's folder and a training at its beginning; raise ``UserError`` where it cannot begin.

    ``where`` selects the dataset's images to train on. Of several processes, the one that leads writes.
    """
    if processes.leads and run.exists():
        raise UserError(f"{run} already exists. To go on with it, add --resume; else choose another --out.")
    kind = family_named(family)
    settings = load(kind.Settings, family, preset or DEFAULT_PRESET, changes)
    trainer = _trainer(run, kind(settings), dataset, seed, where or {}, processes)
    if processes.leads:
        with new_folder(run) as partial:
            (partial / RUN).write_text(_as_json(trainer.origin), encoding="utf-8")
    return trainer


def resumed(
    run: Path,
    family: str,
    dataset: Dataset,
    preset: str | None,
    changes: Sequence[str],
    seed: int | None,
    where: Where | None = None,
    processes: Processes = ONE,
) -> Trainer:
    """The training in a run's folder at its newest whole checkpoint, or at its beginning if it has none.

    Settings, seed and selection that are not given are the run's own. Raises ``UserError`` that shows every
    difference to what the run was started as.
    """
    origin = read_origin(run)
    if family != origin.family:
        raise UserError(f"{run} is a run of {origin.family}, not of {family}. Choose another --out.")
    kind = family_named(family)
    values = dict(origin.configuration)
    if preset is not None:
        # What may change is the run's own still, unless it is said anew.
        values = as_configuration(load(kind.Settings, family, preset)) | {
            key: values[key] for key in MAY_CHANGE if key in values
        }
    settings = change(kind.Settings, values, changes)
    seed, where = (origin.seed if seed is None else seed), (where or origin.where)
    trainer = _trainer(run, kind(settings), dataset, seed, where, processes)
    _refuse_another(run, origin, trainer.origin)
    _restore(trainer)
    if processes.leads:
        tidy(run)
        with new_file(run / RUN) as partial:
            partial.write_text(_as_json(trainer.origin), encoding="utf-8")
    return trainer


def run_training(
    run: Path,
    family: str,
    data: Path,
    preset: str | None,
    changes: Sequence[str],
    seed: int | None,
    where: Where | None = None,
    *,
    resume: bool,
) -> bool:
    """Train in the folder ``run`` with the display on; return whether the training came to its end.

    ``resume`` where there is no run yet starts one, so that a job's script need not know. Raises
    ``UserError`` where another process is training in that folder.
    """
    dataset = open_dataset(data)
    with joined() as processes:
        resuming = processes.any(resume and run.exists())
        if resuming:
            read_origin(run)  # nothing is left in a folder that is no run
        else:
            trainer = started(run, family, dataset, preset, changes, seed or 0, where, processes)
        with sole_training(run) if processes.leads else nullcontext():
            if resuming:
                trainer = resumed(run, family, dataset, preset, changes, seed, where, processes)
            use_threads(trainer.family.settings.threads)
            keep_memory(trainer.device)
            return _train(trainer, data)


def _train(trainer: Trainer, data: Path) -> bool:
    run, family, leads = trainer.run, trainer.family.name, trainer.processes.leads
    if leads:
        _announce(trainer)
    stopping = "Stopping after this step and writing a checkpoint..." if leads else None
    display = training_display() if leads else nullcontext(lambda tick: None)
    # Several processes are told twice: by the terminal, and by what started them.
    with stop_on_signal(stopping, insist=trainer.processes.control is None) as stop, display as show:
        trainer.train(show, stop)
    done = trainer.state.images_seen >= trainer.family.settings.images
    if not leads:
        return done
    if stop():
        print(
            f"Stopped after {trainer.state.images_seen} images. To go on: "
            f"dermvtt-train train {family} --data {data} --out {run} --resume",
            file=sys.stderr,
        )
        return done
    print(f"Finished after {trainer.state.images_seen} images: {checkpoints(run)[0]}", file=sys.stderr)
    return True


def _announce(trainer: Trainer) -> None:
    state, precision = trainer.state, str(trainer.precision).removeprefix("torch.")
    begun = f"going on after {state.images_seen} images" if state.images_seen else "starting"
    print(f"{trainer.run}: {begun}, on {trainer.device} in {precision}", file=sys.stderr)


def read_origin(run: Path) -> Origin:
    """What a run was started as; raise ``UserError`` where the folder is not a run's."""
    path = run / RUN
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(document, dict):
            raise TypeError("it holds no run's description")
        return origin_from(document)
    except OSError as error:
        raise UserError(f"{run} is no run: {path} cannot be read ({error.strerror}).") from error
    except ValidationError as error:
        raise UserError(
            f"{path} is damaged: {first_of(error)}. Start a new run with another --out."
        ) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise UserError(f"{path} is damaged: {error}. Start a new run with another --out.") from error


def _trainer(
    run: Path, family: Family, dataset: Dataset, seed: int, where: Where, processes: Processes
) -> Trainer:
    settings = family.settings
    require_reducible(dataset, settings.resolution)
    for resolution, minibatch in settings.minibatch.items():
        if resolution <= settings.resolution:
            processes.refuse_uneven(minibatch, family.comparing, resolution)
    device = processes.device(pick_device(settings.device))
    first, noise, _ = seeds_of(seed)
    selected = {column: sorted(values) for column, values in where.items()}
    return Trainer(
        family=family,
        state=new_state(family, first, noise, device),
        reals=RealImages(
            dataset.images,
            seed,
            (settings.flip_horizontal, settings.flip_vertical),
            rows=rows_where(dataset, where) if where else None,
            share=processes.share,
            device=device,
        ),
        origin=Origin(family.name, as_configuration(settings), seed, dataset.digest, dataset.drawn, selected),
        run=run,
        device=device,
        precision=pick_precision(settings.precision, device),
        processes=processes,
    )


def _refuse_another(run: Path, old: Origin, new: Origin) -> None:
    lines = [] if old.family == new.family else [f"family: {old.family} -> {new.family}"]
    lines += differences(old.configuration, new.configuration)
    if old.seed != new.seed:
        lines.append(f"seed: {old.seed} -> {new.seed}")
    if old.where != new.where:
        lines.append(f"where: {old.where or 'all images'} -> {new.where or 'all images'}")
    if old.dataset != new.dataset:
        lines.append(f"dataset digest: {old.dataset[:12]}... -> {new.dataset[:12]}...")
    if lines:
        listed = "\n  ".join(lines)
        raise DifferentRun(
            f"{run} was started otherwise and cannot be resumed like this:\n  {listed}\n"
            "Resume it without these changes, or start a new run with another --out."
        )


def _restore(trainer: Trainer) -> None:
    damaged: list[Path] = []
    found = checkpoints(trainer.run)
    for folder in found:
        try:
            origin = origin_of(folder)
            # It may have been copied here from another run.
            _refuse_another(folder, origin, trainer.origin)
            load_checkpoint(folder, trainer.state)
        except DifferentRun:
            raise
        except UserError as error:
            damaged.append(folder)
            if len(damaged) == len(found):
                raise
            print(f"warning: {error} Going on from the one before it.", file=sys.stderr)
            continue
        if trainer.processes.leads:
            for other in damaged:
                set_aside(other)
        return


def _as_json(origin: Origin) -> str:
    return json.dumps(asdict(origin) | {"tool_version": version("dermvtt")}, indent=2) + "\n"
