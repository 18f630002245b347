"""The user's table: which column names the file, which row belongs to which image, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.errors import UserError
from training.prepare.metadata import FILE_COLUMNS, keys_for, read_metadata


@pytest.fixture
def table(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "table.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


@pytest.mark.parametrize("column", [*FILE_COLUMNS, "Image", " isic_id "])
def test_the_file_column_has_several_names(table, column):
    metadata = read_metadata(table(f"age,{column}\n45,a.jpg\n"))
    assert keys_for(metadata, ["a.jpg"]) == {"a.jpg": "a.jpg"}
    assert metadata.columns == (["age"] if column == "file" else ["age", column.strip()])


def test_file_comes_before_the_other_names(table):
    metadata = read_metadata(table("isic_id,file,age\nISIC_1,a.jpg,45\n"))
    assert metadata.columns == ["isic_id", "age"] and metadata.rows == {"a.jpg": ["ISIC_1", "45"]}


def test_a_byte_order_mark_quotes_and_windows_lines_are_read(table):
    metadata = read_metadata(table('file,note\r\n"a, b.jpg","two\r\nlines"\r\n\r\n', "utf-8-sig"))
    assert metadata.rows == {"a, b.jpg": ["two\r\nlines"]}


def test_a_column_without_a_name_is_dropped(table):
    assert read_metadata(table(",file,age\n0,a.jpg,45\n")).rows == {"a.jpg": ["45"]}


@pytest.mark.parametrize("key", ["x/a.jpg", "a.jpg", "a", "./x/a.jpg", "x\\a.jpg", " a "])
def test_a_row_names_its_file_by_path_name_or_stem(table, key):
    metadata = read_metadata(table(f"file,age\n{key},45\n"))
    keys = keys_for(metadata, ["x/a.jpg", "x/b.jpg"])
    assert metadata.join("x/a.jpg", keys.get("x/a.jpg")) == ["45"]
    assert metadata.join("x/b.jpg", keys.get("x/b.jpg")) == [""]
    assert (metadata.missed, metadata.unused) == (1, 0)


def test_a_path_comes_before_a_name(table):
    """``a.jpg`` is itself a file, so that its row is not also that of another folder's ``a.jpg``."""
    metadata = read_metadata(table("file,age\na.jpg,1\nx/a.jpg,2\n"))
    assert keys_for(metadata, ["a.jpg", "x/a.jpg", "y/a.jpg"]) == {"a.jpg": "a.jpg", "x/a.jpg": "x/a.jpg"}


@given(st.sets(st.sampled_from("abcdefgh"), min_size=1), st.sets(st.sampled_from("abcdefgh"), min_size=1))
def test_what_finds_no_partner_is_counted(tmp_path_factory, named, present):
    path = tmp_path_factory.mktemp("table") / "table.csv"
    path.write_text("file,age\n" + "".join(f"{name},{ord(name)}\n" for name in sorted(named)))
    metadata = read_metadata(path)
    files = [f"{name}.png" for name in sorted(present)]
    keys = keys_for(metadata, files)
    joined = {file: metadata.join(file, keys.get(file)) for file in files}
    assert joined == {f"{n}.png": [str(ord(n)) if n in named else ""] for n in present}
    assert (metadata.missed, metadata.unused) == (len(present - named), len(named - present))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: no column names the image file.*none at all"),
        ("age,sex\n45,f\n", "line 1: no column names the image file.*age, sex"),
        ("file;age\na.jpg;45\n", "separated by commas"),
        ("file,age\na.jpg,45\nb.jpg,3\na.jpg,46\n", "line 4: 'a.jpg' has a row already, in line 2"),
        ("file,age,age\na.jpg,45,46\n", "line 1: the column 'age' stands there twice"),
        ("file,width,metadata_width\na.jpg,1,2\n", "line 1: the column 'metadata_width' stands there twice"),
        ("file,age\na.jpg\n", "line 2: 1 cells, where the header has 2"),
        ("file,age\na.jpg,45,f\n", "line 2: 3 cells, where the header has 2"),
        ("file,age\n ,45\n", "line 2: the cell that names the image file is empty"),
        ('file,age\na.jpg,"45"6\n', "line 2: not valid CSV"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(table, text, message):
    with pytest.raises(UserError, match=message):
        read_metadata(table(text))


def test_a_table_that_is_not_there_or_not_utf8_is_refused(table, tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        read_metadata(tmp_path / "none.csv")
    with pytest.raises(UserError, match="not UTF-8"):
        read_metadata(table("file,diagnosis\na.jpg,Nävus\n", "latin-1"))
