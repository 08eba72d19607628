"""Write docs/contracts.md (and the Chinese one) from `zhike.schema`. `--check` fails when they are out of date."""

from __future__ import annotations

import sys
from pathlib import Path

from zhike.schema import CONTRACTS, Column, Contract

HERE = Path(__file__).parent
PAGES = {"en": HERE / "contracts.md", "zh": HERE / "contracts.zh-CN.md"}
WORDS = {
    "en": {
        "title": "# Data contracts",
        "intro": "What Zhike stores of each kind of fact; your other columns are kept as attributes.\n"
        "Made from `src/zhike/schema.py`; do not edit by hand.",
        "head": "| column | meaning | type | a row without it | unit | bounds |",
        "key": "Key",
        "time": "Dated by",
        "must": "is rejected",
        "wanted": "is kept and flagged",
        "may": "is fine",
        "makeable": "A file without a column for {columns} is read all the same: Zhike makes it, beginning with "
        "`made-`. {rule}",
        "orders": "Every row is then an order of its own.",
        "order_lines": "All rows of one customer on one day are then one order.",
    },
    "zh": {
        "title": "# 数据契约",
        "intro": "知客对每类数据保存哪些列；其他列会作为扩展属性保留。\n由 `src/zhike/schema.py` 生成，请勿手工修改。",
        "head": "| 列名 | 含义 | 类型 | 缺少时 | 单位 | 取值范围 |",
        "key": "主键",
        "time": "时间列",
        "must": "该行被拒绝",
        "wanted": "保留并标记",
        "may": "允许",
        "makeable": "文件没有 {columns} 列也可以读取：知客会生成以 `made-` 开头的编号。{rule}",
        "orders": "此时每一行计为一个订单。",
        "order_lines": "此时同一客户同一天的所有行计为一个订单。",
    },
}


def page(language: str) -> str:
    words = WORDS[language]
    parts = [words["title"], "", words["intro"], ""]
    for table in CONTRACTS.values():
        parts += section(table, language)
    return "\n".join(parts)


def section(table: Contract, language: str) -> list[str]:
    words = WORDS[language]
    lines = [f"## {table.name} · {table.label(language)}", ""]
    lines.append(
        f"{words['key']}: `{', '.join(table.key)}`. " + (f"{words['time']}: `{table.time}`." if table.time else "")
    )
    if table.makeable:
        columns = ", ".join(f"`{name}`" for name in table.makeable)
        lines += ["", words["makeable"].format(columns=columns, rule=words[table.name])]
    lines += ["", words["head"], "|---|---|---|---|---|---|"]
    lines += [row(column, language) for column in table]
    return [*lines, ""]


def row(column: Column, language: str) -> str:
    bounds = ""
    if column.lowest is not None or column.highest is not None:
        low = "" if column.lowest is None else f"{column.lowest:g}"
        high = "" if column.highest is None else f"{column.highest:g}"
        bounds = f"{low}…{high}"
    cells = [f"`{column.name}`", column.label(language), column.kind, WORDS[language][column.need], column.unit, bounds]
    return "| " + " | ".join(cells) + " |"


def main() -> int:
    stale = [path for language, path in PAGES.items() if not path.exists() or path.read_text("utf-8") != page(language)]
    if "--check" in sys.argv:
        for path in stale:
            sys.stderr.write(f"{path.name} is out of date: run make docs\n")
        return len(stale)
    for language, path in PAGES.items():
        path.write_text(page(language), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
