"""Reading a mix folder: a bad file is refused by its name."""

import os

import pytest

from training.manifest import MixError, read_images, read_manifest


@pytest.fixture
def folder(make_mix):
    """A mix of its own for the test to harm."""
    return make_mix(reals=2, fakes=1)


def read(folder):
    return list(read_images(folder, read_manifest(folder)))


def test_every_image_comes_with_its_bytes(folder):
    assert all(data == (folder / image.file).read_bytes() for image, data in read(folder))
    assert len(read(folder)) == 3


@pytest.mark.parametrize("harm", ["dangling", "loop", "gone", "altered", "extra"])
def test_a_bad_file_is_named(folder, harm):
    path = folder / read_manifest(folder).images[1].file
    if harm == "altered":
        path.write_bytes(path.read_bytes() + b"x")
    elif harm == "extra":
        path = folder / "images" / "extra.png"
        path.touch()
    else:
        path.unlink()
    if harm in ("dangling", "loop"):
        path.symlink_to("nowhere" if harm == "dangling" else path.name)
    said = {
        "dangling": f"{path} cannot be read (No such file or directory).",
        "loop": f"{path} cannot be read (Too many levels of symbolic links).",
        "gone": f"{path} is missing",
        "altered": f"{path} is not the file",
        "extra": f"{path} is not listed",
    }
    with pytest.raises(MixError) as refused:
        read(folder)
    assert str(refused.value).startswith(said[harm])


def test_a_folder_that_is_no_mix_is_refused(tmp_path):
    with pytest.raises(MixError, match=r"manifest.json cannot be read .* Is .* a mix folder"):
        read_manifest(tmp_path)


def test_a_pipe_is_refused_and_not_waited_for(folder):
    manifest = read_manifest(folder)
    image = folder / manifest.images[0].file
    for path in (image, folder / "manifest.json"):
        path.unlink()
        os.mkfifo(path)
        with pytest.raises(MixError, match=f"{path.name} cannot be read .it is not a regular file"):
            list(read_images(folder, manifest)) if path == image else read_manifest(folder)
