from __future__ import annotations

import math

import psycopg
import pytest

from procgen.backends.copying import copy_field
from procgen.errors import UnrepresentableError


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "\\N"),
        (True, "t"),
        (-7, "-7"),
        (0.1, "0.1"),
        (-0.0, "-0.0"),
        (5e-324, "5e-324"),
        (math.inf, "inf"),
        (math.nan, "nan"),
        ("", ""),
        ("\\N", "\\\\N"),
        ("\\.", "\\\\."),
        ("a\tb\nc\rd", "a\\tb\\nc\\rd"),
        ("\U0001f600'\"$$", "\U0001f600'\"$$"),
        ((0.25, None, math.inf), "{0.25,NULL,inf}"),
        (("a,b", 'q"}', "\\", "NULL", ""), '{"a,b","q\\\\"}","\\\\\\\\","NULL",""}'),
    ],
)
def test_each_value_is_a_field_of_copy(value, text):
    assert copy_field(value) == text


def test_a_nul_character_is_refused():
    with pytest.raises(UnrepresentableError, match="NUL"):
        copy_field("a\0b")


@pytest.mark.postgres
def test_postgres_reads_the_fields_back(postgres15_url):
    texts = ["", "\\N", "\\.", "a\tb\nc\rd", "\U0001f600", "NULL", '"{}",\\']
    numbers = [0.1, -0.0, 5e-324, math.inf, 1.7976931348623157e308]
    lines = [f"{copy_field(tuple(texts))}\t{copy_field(tuple(numbers))}\n"]
    lines += [f"{copy_field((text,))}\t{copy_field(None)}\n" for text in texts]
    with psycopg.connect(postgres15_url) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE copied (texts text[], numbers float8[])")
        with cursor.copy("COPY copied FROM STDIN") as copy:
            copy.write("".join(lines))
        found = cursor.execute("SELECT * FROM copied").fetchall()
    assert found[0][0] == texts
    assert list(map(repr, found[0][1])) == list(map(repr, numbers))
    assert [row[0] for row in found[1:]] == [[text] for text in texts]
