"""The table of recorded texts."""

from pathlib import Path

import pytest

from cti.voice.errors import ReplacementsError
from cti.voice.replacements import read, written


def table(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "recorded.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_without_a_table_nothing_is_replaced(tmp_path: Path) -> None:
    assert read(tmp_path / "recorded.csv") == {}


def test_rows_with_a_file_replace_and_rows_without_wait_for_the_studio(tmp_path: Path) -> None:
    path = table(tmp_path, '\ufefflanguage,text,file\nzh-CN,再见。,bye.wav\n\nen,"Well, hello.",\n')
    found = read(path)
    assert list(found) == [("zh-CN", "再见。")]
    assert (found["zh-CN", "再见。"].file, found["zh-CN", "再见。"].place) == ("bye.wav", f"{path}:2")


def test_line_breaks_and_blanks_in_a_text_do_not_matter(tmp_path: Path) -> None:
    path = table(tmp_path, 'en,"Well,\n  hello.",hello.wav\n')
    assert list(read(path)) == [("en", "Well, hello.")]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("zh-CN,再见。\n", "{path}:1: 2 columns. There are language, text, file"),
        ("en,a,1.wav\nen,a,2.wav\n", "{path}:2: the text of {path}:1 again. Leave one of them"),
        ("zh-CN,再见。,a.wav".encode("gbk"), '{path}: not UTF-8. Save it as "CSV UTF-8"'),
        ('en,"a,1.wav\n', "{path}:1: unexpected end of data. Save it as CSV, with commas"),
    ],
)
def test_a_table_that_cannot_be_used_says_where_and_why(tmp_path: Path, content: str | bytes, error: str) -> None:
    path = table(tmp_path, content)
    with pytest.raises(ReplacementsError) as raised:
        read(path)
    assert str(raised.value) == error.format(path=path)


def test_the_script_for_the_studio_can_be_read_back(tmp_path: Path) -> None:
    known = read(table(tmp_path, "zh-CN,再见。,bye.wav\n"))
    script = written([("zh-CN", "再见。"), ("en", 'He said "hi", twice')], known)
    assert script == 'language,text,file\nzh-CN,再见。,bye.wav\nen,"He said ""hi"", twice",\n'
    assert list(read(table(tmp_path, script))) == [("zh-CN", "再见。")]
