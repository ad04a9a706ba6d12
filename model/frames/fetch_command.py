"""`python -m model fetch`: the Severstal competition's frames into a folder that `train --frames` takes.

Kaggle asks for an account, a token and the accepted rules of the competition. The download goes through
kagglehub into its cache, where an interrupted one is taken up again; the folder appears whole or not at all.
"""

from __future__ import annotations

import argparse
import errno
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

from model.frames.refused import TrainingRefused

COMPETITION = "severstal-steel-defect-detection"
IMAGES, TABLE = "train_images", "train.csv"
NEEDED_BYTES = 4 * 2**30
"""The archive has 1.6 GB, and lies beside what is unpacked from it for a while."""

_PAGE = f"https://www.kaggle.com/competitions/{COMPETITION}"
_SETTINGS = "https://www.kaggle.com/settings"
_AGAIN = "what has come is kept, run the command again to go on"


class FetchRefused(TrainingRefused):
    """The frames could not be brought; the message is one sentence that says what to do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `fetch` takes."""
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help=f"gets {IMAGES}/ and {TABLE}; a new folder"
    )


def run(args: argparse.Namespace) -> int:
    """Bring the frames unless they are there; says where they are. Raises FetchRefused."""
    there = is_fetched(args.out)
    if not there:
        fetch(args.out)
    count = sum(1 for _ in (args.out / IMAGES).iterdir())
    print(f"{count} images and {TABLE} {'were already' if there else 'are now'} in {args.out}")
    return 0


def is_fetched(out: Path) -> bool:
    """Whether an earlier call finished: the folder comes into being only when it is whole."""
    return (out / TABLE).is_file() and (out / IMAGES).is_dir()


def fetch(out: Path, download: Callable[[], Path] | None = None, *, needed_bytes: int = NEEDED_BYTES) -> None:
    """Download the competition and make `out` of it. Raises FetchRefused.

    download: gives the folder it was unpacked into; kagglehub's unless another is given.
    """
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise FetchRefused(f"{out} is there and holds something else: give a new folder")
    place(_explained(download or (lambda: _from_kaggle(needed_bytes))), out)


def place(source: Path, out: Path) -> None:
    """Give `out` the frames and table of `source`, by hard links where the disk can. Raises FetchRefused."""
    if not is_fetched(source):
        raise FetchRefused(
            f"the download in {source} holds no {IMAGES}/ and {TABLE}: delete it and run again"
        )
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)  # of a call that was killed
    try:
        (partial / IMAGES).mkdir(parents=True)
        for image in (source / IMAGES).iterdir():
            _link_or_copy(image, partial / IMAGES / image.name)
        _link_or_copy(source / TABLE, partial / TABLE)
        os.replace(partial, out)
    except OSError as failed:
        raise FetchRefused(f"{out} cannot be written: {failed}; the download is kept in {source}") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _link_or_copy(source: Path, target: Path) -> None:
    """A link costs no space, and stays when the cache is emptied."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _from_kaggle(needed_bytes: int) -> Path:
    # Not at the top: it brings requests and asks the environment who runs it.
    import kagglehub
    from kagglehub.config import get_cache_folder

    cache = Path(get_cache_folder())
    if not (cache / "competitions" / COMPETITION).exists():
        _check_space(cache, needed_bytes)
    return Path(kagglehub.competition_download(COMPETITION))


def _check_space(folder: Path, needed_bytes: int) -> None:
    existing = next(p for p in (folder.absolute(), *folder.absolute().parents) if p.exists())
    free_bytes = shutil.disk_usage(existing).free
    if free_bytes < needed_bytes:
        raise FetchRefused(
            f"{folder} has {free_bytes / 2**30:.1f} GiB free, the download needs {needed_bytes / 2**30:.1f}: "
            "make room, or set KAGGLEHUB_CACHE to a folder on another disk"
        )


def _explained(download: Callable[[], Path]) -> Path:
    """The download, or why there is none, in one sentence."""
    try:
        from kagglehub.exceptions import DataCorruptionError, UnauthenticatedError
        from requests import HTTPError, RequestException
    except ModuleNotFoundError as absent:
        raise FetchRefused(
            f"fetch needs {absent.name}, which is not installed: pip install 'coilwatch[torch]'"
        ) from None
    try:
        return download()
    except UnauthenticatedError:
        raise FetchRefused(
            f"no Kaggle credentials: create a token at {_SETTINGS} and set KAGGLE_API_TOKEN "
            "to it (or KAGGLE_USERNAME and KAGGLE_KEY)"
        ) from None
    except HTTPError as answered:
        status = answered.response.status_code if answered.response is not None else 0
        raise FetchRefused(_refusal(status)) from None
    except RequestException as unreachable:
        reason = type(unreachable).__name__
        raise FetchRefused(
            f"Kaggle cannot be reached ({reason}): check network and proxy; {_AGAIN}"
        ) from None
    except (DataCorruptionError, zipfile.BadZipFile, EOFError):
        raise FetchRefused("the download arrived damaged: run the command again") from None
    except OSError as failed:
        if failed.errno in (errno.ENOSPC, errno.EDQUOT):
            raise FetchRefused("the disk is full: make room, or set KAGGLEHUB_CACHE to another one") from None
        raise FetchRefused(f"the download cannot be written: {failed}") from None
    except ValueError as refused:  # kagglehub's word for a broken kaggle.json or archive
        raise FetchRefused(f"kagglehub refused: {refused}") from None


def _refusal(status: int) -> str:
    if status == 401:
        return f"Kaggle does not know these credentials (401): create a new token at {_SETTINGS}"
    if status == 403:
        return (
            f"Kaggle refuses (403): accept the competition's rules at {_PAGE}/rules with the token's account"
        )
    if status == 404:
        return f"Kaggle has no competition there (404): look at {_PAGE}"
    if status == 429:
        return "Kaggle asks to wait (429): too many downloads, run the command again in some minutes"
    return f"Kaggle answered {status}: run the command again later"
