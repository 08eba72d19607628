"""Good files with random damage: each is read or refused with a sentence; nothing else may come out."""

from __future__ import annotations

import random
from pathlib import Path

import duckdb
import pytest

from tests.intake.archives import xlsx, zipped
from tests.intake.conftest import Load
from tests.intake.test_bad_input import parquet_bytes
from zhike.errors import InputError
from zhike.intake.mapping import propose
from zhike.intake.values import column_formats

CSV = "order_id,customer,order date,amount,note\n" + "".join(
    f'{n},c{n % 7},{n % 12 + 1}/{n % 28 + 1}/2020,"1,{n + 100}.5","say ""{n}"""\n' for n in range(60)
)
CHINESE = "订单编号;金额;下单时间\n" + "".join(f"{n};{n},5;2020年{n % 12 + 1}月3日\n" for n in range(60))
JSON = "".join(f'{{"order_id": {n}, "amount": 1.5, "to": {{"city": "x"}}}}\n' for n in range(40))
SPLICES = [b"\r\n", b'""', b'","', b"\n\n", b"nan", b"9999-99-99", "客".encode(), b"\xa3", b"\x00", b'"', b"\t"]


def damaged(data: bytes, chance: random.Random) -> bytes:
    mutant = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 5, 20])):
        at = chance.randrange(len(mutant) + 1)
        match chance.randrange(5):
            case 0 if at < len(mutant):
                mutant[at] = chance.randrange(256)
            case 1:
                mutant[at:at] = chance.choice(SPLICES)
            case 2:
                del mutant[at : at + chance.randrange(1, 30)]
            case 3:
                mutant[at:at] = mutant[at : at + chance.randrange(1, 200)]
            case 4 if chance.random() < 0.2:
                del mutant[at:]
    return bytes(mutant)


@pytest.mark.parametrize("name", ["a.csv", "gbk.csv", "utf16.csv", "a.jsonl", "a.xlsx", "a.parquet", "a.zip"])
def test_mutants(load: Load, con: duckdb.DuckDBPyConnection, tmp_path: Path, name: str) -> None:
    good = {
        "a.csv": CSV.encode(),
        "gbk.csv": CHINESE.encode("gbk"),
        "utf16.csv": CHINESE.encode("utf-16"),
        "a.jsonl": JSON.encode(),
        "a.xlsx": xlsx({"S": [["order_id", "amount"], *[[n, n / 2] for n in range(40)]]}),
        "a.parquet": parquet_bytes(tmp_path),
        "a.zip": zipped({"in/a.csv": CSV.encode()}),
    }[name]
    assert load(good, name)[1]
    chance = random.Random(name)
    read, said = 0, set[str]()
    for _ in range(25):
        try:
            table, rows = load(damaged(good, chance), name)
            assert rows
            read += 1
            sample = {c.name: [row[i] for row in rows] for i, c in enumerate(table.columns)}
            column_formats(con, table, propose(table.columns, sample))
        except InputError as error:
            said.add(str(error))
        except duckdb.Error:
            # Only where values are decoded as they are read may the caller meet DuckDB's own errors.
            assert name == "a.parquet"
    assert all(said)
    assert read or name in ("a.xlsx", "a.zip", "a.parquet")
