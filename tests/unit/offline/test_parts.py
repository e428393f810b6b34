from gearshift.offline.parts import FilePart


def test_people_read_which_rows_of_which_file():
    assert str(FilePart("a/b.parquet")) == "a/b.parquet"
    assert str(FilePart("a.parquet", 0, 5)) == "a.parquet"
    assert str(FilePart("a.parquet", 100_000, 2_500, is_whole=False)) == (
        "a.parquet, rows 100,001 to 102,500"
    )
