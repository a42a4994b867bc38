"""Small RCC datalogs for tests, of the same form as recorded ones."""

from __future__ import annotations

COLUMNS = (
    ("XT-Ubat [Vdc]", "I3092", "L1-1"),
    ("XT-Ibat [Adc]", "I3095", "L1-1"),
    ("VT-IbaM [Adc]", "I11040", "1"),
    ("BSP-Ubat [Vdc]", "I7030", "1"),
    ("BSP-Ibat [Adc]", "I7031", "1"),
    ("BSP-SOC [%]", "I7032", "1"),
    ("BSP-Tbat [\xb0C]", "I7033", "1"),
)

TAIL = (
    "P1108,47.53,0.00,0.00,",
    "P1138,50.00,0.00,0.00,",
    "P1156,56.22,0.00,0.00,",
    "P6001,1000.00,0.00,0.00,",
    "",
    "I7007,49.94,",
    "I7008,",
    "",
    "L1-1:XTM 4000-48 (230-16) Soft:1.5.32 Cmd:2.0 Pwr:2.0 Params:532 FID:26C4AC1D",
    "1:BSP Soft:1.5.10 Cmd:0.4 Params:60 FID:3A9AF446",
    "",
)


def datalog(rows: list[tuple[str, str]], separator: str = ",") -> bytes:
    """A file with (time, the seven cells) rows; the time is `dd.mm.yyyy hh:mm`."""
    heads = [",".join(("v6.8", *(column[0] for column in COLUMNS), ""))]
    heads += [",".join(("", *(column[n] for column in COLUMNS), "")) for n in (1, 2)]
    lines = [*heads, *(f"{at},{cells}," for at, cells in rows), *TAIL]
    return "\r\n".join(lines).replace(",", separator).encode("iso-8859-15")


def minutes(count: int, current_a: float = -3.27, soc_pct: float = 61.37) -> bytes:
    """A file of `count` minutes from midnight of 2016-07-04 with one current and one SOC."""
    cells = f"50.00,-5.00,2.00,51.23,{current_a:.2f},{soc_pct:.2f},21.04"
    return datalog([(f"04.07.2016 {minute // 60:02}:{minute % 60:02}", cells) for minute in range(count)])


FULL_COLUMNS = (
    ("XT-Ubat- (MIN) [Vdc]", "I3090", "L1", "50.10"),
    ("XT-Uin [Vac]", "I3113", "L1", "2.00"),
    ("XT-Pout+ [kVA]", "I3097", "L1", "2.07"),
    ("XT-Transfert []", "I3020", "L1", "0"),
    ("XT-Mode []", "I3028", "L1", "1"),
    ("XT-Ubat [Vdc]", "I3092", "L1-1", "50.25"),
    ("XT-Ibat [Adc]", "I3095", "L1-1", "-7.00"),
    ("XT-Pout a [kW]", "I3101", "L1-1", "0.30"),
    ("VT-PsoM [kW]", "I11043", "1", "1.20"),
    ("", "I11043", "ALL", "1.20"),
    ("VT-IbaM [Adc]", "I11040", "1", "22.00"),
    ("BSP-Ubat [Vdc]", "I7030", "1", "50.31"),
    ("BSP-Ibat [Adc]", "I7031", "1", "15.00"),
    ("BSP-SOC [%]", "I7032", "1", "77.19"),
    ("BSP-Tbat [?C]", "I7033", "1", "19.50"),
    ("DEV SYS MSG", "I17997", "1", ""),
)
"""Name, info, device, and what a minute holds unless told otherwise."""

FULL_TAIL = ("", "I3083,7.20,", "I7007,360.00,", "I7008,0.00,", "I11007,28.80,", "I15017,", "")
"""What the devices count on a day of 1,440 such minutes."""


def full_row(at: str, **cells: str) -> str:
    """One row of FULL_COLUMNS; cells by info number, as `I3101="0.50"`."""
    return f"{at}," + ",".join(cells.get(info, value) for _, info, _, value in FULL_COLUMNS) + ","


def full_datalog(rows: list[str], separator: str = ",", tail: tuple[str, ...] = FULL_TAIL) -> bytes:
    """A file of an inverter, a solar charger and a battery monitor."""
    heads = [",".join(("v7.0", *(column[0] for column in FULL_COLUMNS), ""))]
    heads += [",".join(("", *(column[n] for column in FULL_COLUMNS), "")) for n in (1, 2)]
    return "\r\n".join([*heads, *rows, *tail]).replace(",", separator).encode("iso-8859-15")


def full_day(day: str, separator: str = ",", **cells: str) -> bytes:
    """1,440 equal minutes of `dd.mm.yyyy`."""
    times = [f"{day} {minute // 60:02}:{minute % 60:02}" for minute in range(1440)]
    return full_datalog([full_row(at, **cells) for at in times], separator)
