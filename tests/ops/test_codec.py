"""A model is learned from recorded minutes of any source, and its codec is then better at such minutes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from stallaini.cli import main
from stallaini.errors import OperatorError
from stallaini.link.codec_range import RangeCodec
from stallaini.link.model import Model, decode_model
from stallaini.ops.bench.codec import Sample, delta_entropy
from stallaini.ops.codec_sources import every, read_recordings


def minute_csv(path: Path) -> Path:
    """Two days of a battery that falls 30 mV every third minute, and of a SOC that is missing at times."""
    lines = ["t,bsp_ubat_v,bsp_soc_pct,xt_ibat_a,xt_comment"]
    for day in (1, 2):
        for minute in range(600):
            volts = f"{54 - minute // 3 * 0.03:.2f}"
            soc = "" if minute % 100 == 7 else "62.5"
            lines.append(f"2017-05-{day:02}T{minute // 60:02}:{minute % 60:02},{volts},{soc},-7,")
    path.write_text("\n".join(lines) + "\n")
    return path


def coded_bytes(csv: Path, model: Model | None) -> int:
    recording = read_recordings(csv, every(1))[0]
    minutes = next(recording.days)
    encoder = RangeCodec(recording.kinds, model).encoder(minutes[0])
    for minute in minutes[1:]:
        encoder.add(minute)
    return len(encoder.finish())


def test_a_sites_own_model_beats_the_shipped_one_on_its_site(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    csv, out = minute_csv(tmp_path / "year.csv"), tmp_path / "models" / "own.json"
    assert main(["codec", "train", str(csv), "--site", "--every", "1", "--out", str(out)]) == 0
    own = decode_model(out.read_bytes())
    assert own.id.hex() in capsys.readouterr().out
    assert own.trained_on == ("year.csv: 2 days",)
    assert coded_bytes(csv, own) < coded_bytes(csv, None)


def test_a_model_is_learned_from_the_house_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "house.json"
    assert main(["codec", "train", "--out", str(out)]) == 1
    assert "nothing to learn from" in capsys.readouterr().err
    assert main(["codec", "train", "--house", "1", "--out", str(out)]) == 0
    assert decode_model(out.read_bytes()).trained_on == ("simulated house: 1 days",)


def test_a_minute_csv_is_read_by_its_columns(tmp_path: Path) -> None:
    recording = read_recordings(minute_csv(tmp_path / "year.csv"), every(1, 0, date(2017, 5, 2)))[0]
    (day,) = list(recording.days)
    assert [kind.kind for kind in recording.kinds[:3]] == [
        "voltage.mean/0.01",
        "soc.last/1",
        "current.mean/0.1",
    ]
    assert day[0].minute == (date(2017, 5, 2) - date(1970, 1, 1)).days * 1440
    assert day[6].values[:3] == (5394, 62, -70)
    assert day[7].values[1] is None


def test_the_entropy_of_the_differences_is_shannons(tmp_path: Path) -> None:
    recording = read_recordings(minute_csv(tmp_path / "year.csv"), every(1))[0]
    only_voltage = [
        [type(minute)(minute.minute, minute.values[:1]) for minute in day[:301]] for day in recording.days
    ]
    assert delta_entropy(Sample("x", recording.kinds[:1], only_voltage)) == pytest.approx(
        0.918 / 8, abs=0.002
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("t,unknown\n", "not a minute CSV"),
        ("t,bsp_ubat_v\n2017-13-01T00:00,5\n", "line 2: '2017-13-01' is not a day"),
        ("t,bsp_ubat_v\n2017-05-01T00:00,much\n", "line 2"),
        ("something else", "neither a minute CSV"),
    ],
)
def test_what_is_no_recording_is_refused_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "file.csv"
    path.write_text(text)
    with pytest.raises(OperatorError, match=says):
        [list(recording.days) for recording in read_recordings(path, every(1))]


@pytest.mark.recordings
def test_an_untouched_datalog_gives_the_thirty_five_series(shared_data: Path) -> None:
    for name in ("inst1_LG160204.CSV", "inst5_LG190615.CSV"):
        (recording,) = read_recordings(shared_data / "telemetry" / "raw_examples" / name, every(1))
        (day,) = list(recording.days)
        assert len(recording.kinds) == 35
        assert len(day) == 1440
