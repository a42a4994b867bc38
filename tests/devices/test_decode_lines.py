"""`stallaini decode --wire ...`: one JSON line for each line of recorded traffic, whatever wire it is of."""

from __future__ import annotations

import csv
import gzip
import io
import json
import struct
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.devices.pylontech_rs485.test_device import LOWER, UPPER
from tests.support.studer_vectors import vectors

from stallaini.cli import main
from stallaini.devices.can_battery.simulator import BatteryState, encode_burst
from stallaini.devices.pylontech_rs485.frame import Command, encode_answer, encode_request
from stallaini.devices.pylontech_rs485.frame import ReturnCode as Rtn
from stallaini.devices.pylontech_rs485.simulator import Rs485Pack
from stallaini.devices.studer.frame import Frame, encode_frame
from stallaini.devices.studer.messages import StoredMessage, message
from stallaini.devices.studer.multi_info import Entry, ask, encode_values
from stallaini.devices.studer.objects import Family, info_at
from stallaini.devices.studer.service import (
    decode_request,
    encode_message,
)
from stallaini.devices.studer.service import (
    encode_answer as encode_scom_answer,
)

RS485_VECTORS = Path(__file__).resolve().parents[1] / "fixtures" / "pylontech" / "vectors_rs485.csv"


class Decode:
    """The command line, with the lines as its standard input."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, wire: str, *lines: str) -> list[dict[str, Any]]:
        text = "".join(f"{line}\n" for line in lines).encode()
        self._monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text)))
        return self.words("--wire", wire, "-")

    def words(self, *words: str) -> list[dict[str, Any]]:
        assert main(["decode", *words]) == 0
        captured = self._capsys.readouterr()
        assert captured.err == ""
        return [json.loads(line) for line in captured.out.splitlines()]


@pytest.fixture
def decode(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Decode:
    return Decode(capsys, monkeypatch)


class TestScom:
    SAME = ("src", "dst", "flags", "object_type", "object_id", "property_id", "data")

    @pytest.mark.parametrize("section", ["spec", "captured", "reflib_requests", "reflib_responses"])
    def test_true_frames_say_what_the_vectors_say(self, section: str, decode: Decode) -> None:
        frames = vectors("scom", section)
        said = decode("scom", *(frame["hex"] for frame in frames))
        assert len(said) == len(frames)
        for frame, line in zip(frames, said, strict=True):
            assert {key: line[key] for key in self.SAME if key in frame} == {
                key: frame[key] for key in self.SAME if key in frame
            }
            assert line["service"] == frame["service_id"]
            assert line["value"] == frame.get("value")
            assert type(line["value"]) is type(frame.get("value"))
            if "format" in frame:
                assert line["format"] == frame["format"]
            assert line["is_answer"] == bool(frame.get("service_flags", 0) & 2)
            assert line["error"] == (frame["value"] if frame.get("format") == "ERROR" else None)

    def test_what_the_maker_s_library_refused_is_rejected(self, decode: Decode) -> None:
        frames = vectors("scom", "reflib_rejects")
        said = decode("scom", *(frame["hex"] for frame in frames))
        assert len(said) == len(frames)
        assert all(line.keys() == {"rejected"} for line in said)
        reasons = {line["rejected"].split(":")[0] for line in said}
        assert {"the header's checksum does not hold", "the start byte is not AA"} <= reasons
        assert {"a read that brings a value", "a write without a value"} <= reasons

    def test_one_line_for_each_line(self, decode: Decode) -> None:
        good = vectors("scom", "spec")[1]["hex"]
        said = decode(
            "scom", good.upper(), "", "zz", f"  {good}  ", f"ff{good}0d0a", good + "00", good[:-2], good[:20]
        )
        assert [line.get("rejected") for line in said] == [
            None,
            "empty line",
            "not hexadecimal",
            None,
            None,
            "1 bytes behind the frame",
            "the data end early: 14 bytes and a checksum are told",
            "10 bytes: a header takes 14",
        ]
        assert said[0]["value"] == 12.359375

    def test_words_come_with_the_numbers(self, decode: Decode) -> None:
        answer, refused, told = decode(
            "scom",
            *(
                vectors("scom", section)[at]["hex"]
                for section, at in [("spec", 1), ("captured", 0), ("spec", 7)]
            ),
        )
        assert (answer["name"], answer["unit"]) == ("Battery voltage", "V")
        assert (refused["error"], refused["error_text"]) == (2, "no such device")
        assert told["message"] == {
            "total": 976,
            "nr": 16,
            "severity": message(16).severity.value,
            "address": 105,
            "unix_s": 1503571330,
            "value": 0,
        }
        assert told["text"] == message(16).text

    def test_an_enum_is_told_in_words_and_a_number_that_is_none_as_null(self, decode: Decode) -> None:
        def answer(nr: int, data: bytes) -> str:
            service = struct.pack("<BBHIH", 2, 1, 1, nr, 1) + data
            return encode_frame(Frame(0, 301, 1, service)).hex()

        mode, nan, wrong = decode(
            "scom",
            answer(11016, struct.pack("<H", 9)),
            answer(11004, struct.pack("<f", float("nan"))),
            answer(11004, b"\0\0"),
        )
        assert (mode["format"], mode["value"]) == ("SHORT ENUM", 9)
        assert mode["text"] == info_at(301, 11016).options[9]
        assert (nan["format"], nan["value"], nan["text"]) == ("FLOAT", None, "not a number")
        assert wrong == {"rejected": "format FLOAT takes 4 bytes, not 2"}

    def test_many_infos_at_once(self, decode: Decode) -> None:
        question = ask([Entry(3000, 1), Entry(11004, 0)]).encode()
        request = decode_request(question)
        data = encode_values(
            [Family.XT, Family.VT], 1_700_000_000, [(Entry(3000, 1), 52.5), (Entry(11004, 0), 1.25)]
        )
        asked, answered, broken = decode(
            "scom",
            encode_frame(Frame(0, 1, 501, question)).hex(),
            encode_frame(Frame(0, 501, 1, encode_scom_answer(request, data))).hex(),
            encode_frame(Frame(0, 501, 1, encode_scom_answer(request, data[:-1]))).hex(),
        )
        assert asked["infos"] == [{"nr": 3000, "unit": 1}, {"nr": 11004, "unit": 0}]
        assert answered["infos"] == [
            {"nr": 3000, "unit": 1, "value": 52.5},
            {"nr": 11004, "unit": 0, "value": 1.25},
        ]
        assert "no values" in broken["rejected"]

    @pytest.mark.parametrize(
        ("flags", "service", "reason"),
        [
            (0, "00010100b80b0000010000000000", "a read that brings a value"),
            (0, "00020200720400000500", "a write without a value"),
            (0, "00030200720400000500", "no such service 3"),
            (0, "01010100b80b00000100", "service flags 0x01"),
            (0x34, "00010100b80b00000100", "frame flags 0x34"),
            (0, "02010100b80b00000100", "the answer to a read brings no value"),
            (0, "0202020072040000050000004041", "the answer to a write brings a value"),
            (0, "03010100b80b0000010002", "an error answer carries a code"),
        ],
    )
    def test_good_checksums_are_not_enough(
        self, flags: int, service: str, reason: str, decode: Decode
    ) -> None:
        frame = encode_frame(Frame(flags, 101, 1, bytes.fromhex(service)))
        (said,) = decode("scom", frame.hex())
        assert reason in said["rejected"]

    def test_a_short_message_record_is_rejected(self, decode: Decode) -> None:
        record = encode_message(5, StoredMessage(19, 101, 1_700_000_000, 0))
        head = struct.pack("<BBHIH", 2, 1, 3, 0, 0)
        whole, short = decode(
            "scom", *(encode_frame(Frame(0, 501, 1, head + data)).hex() for data in (record, record[:-1]))
        )
        assert whole["message"]["nr"] == 19
        assert "18 bytes" in short["rejected"]


class TestXcomCan:
    @staticmethod
    def line(can_id: int, data: str) -> str:
        return f"(1700000000.250000) can1 {can_id:08X}#{data.upper()}"

    @pytest.mark.parametrize("section", ["exchanges", "errors"])
    def test_exchanges_say_what_the_vectors_say(self, section: str, decode: Decode) -> None:
        exchanges = vectors("xcomcan", section)
        said = decode(
            "xcom-can",
            *(
                self.line(each[f"{side}_id"], each[f"{side}_data"])
                for each in exchanges
                for side in ("request", "response")
            ),
        )
        services = {"info": 0, "read": 1, "write": 2}
        for each, asked, answered in zip(exchanges, said[::2], said[1::2], strict=True):
            client, device = each["client"], each["device"]
            assert (asked["src"], asked["dst"], asked["is_answer"]) == (client, device, False)
            assert (answered["src"], answered["dst"], answered["is_answer"]) == (device, client, True)
            for line in (asked, answered):
                assert (line["service"], line["object_id"]) == (services[each["kind"]], each["object_id"])
                assert (line["object_type"], line["property_id"]) == (None, None)
            error = each.get("error")
            assert asked["part"] == each["part"]
            assert answered["part"] == (None if error else each["part"])
            assert (answered["value"], answered["error"], asked["error"]) == (each["value"], error, None)
            assert bool(error) == ("error_text" in answered)

    def test_messages(self, decode: Decode) -> None:
        sent = vectors("xcomcan", "messages")
        said = decode("xcom-can", *(self.line(each["id"], each["data"]) for each in sent))
        for each, line in zip(sent, said, strict=True):
            assert (line["src"], line["dst"], line["service"]) == (each["device"], 500, 3)
            assert (line["object_id"], line["value"], line["is_answer"]) == (
                each["message"],
                each["value"],
                False,
            )
            assert line["text"]

    def test_an_answer_in_words(self, decode: Decode) -> None:
        (said,) = decode("xcom-can", "(1700000000.25) can1 0008CA00#0BB842550000")
        assert said == {
            "src": 101,
            "dst": 1,
            "service": 0,
            "object_type": None,
            "object_id": 3000,
            "property_id": None,
            "part": None,
            "format": "FLOAT",
            "value": 53.25,
            "error": None,
            "is_answer": True,
            "flags": 0,
            "data": "0bb842550000",
            "t": 1700000000.25,
            "name": "Battery voltage",
            "unit": "V",
        }

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ("", "empty line"),
            ("can1 0008CA00#0BB8", "no candump line"),
            ("(1) can1 356#0000", "29 bits"),
            ("(1) can1 20000004#0000000000000000", "an error frame"),
            ("(1) can1 0008CA00#R", "a remote frame"),
            ("(1) can1 0008CA00#0B", "1 bytes"),
            ("(1) can1 0008CA00#0BB8425500", "5 bytes"),
            ("(1) can1 0008CA81#04B2", "2 bytes"),
            ("(1) can1 0FA0CAC0#0013", "service 3"),
        ],
    )
    def test_what_is_no_frame_of_it(self, line: str, reason: str, decode: Decode) -> None:
        (said,) = decode("xcom-can", line)
        assert said.keys() == {"rejected"}
        assert reason in said["rejected"]


class TestPylontechRs485:
    @staticmethod
    def recorded() -> list[str]:
        with RS485_VECTORS.open(encoding="utf-8") as file:
            return [row["frame_ascii_without_CR"] for row in csv.DictReader(file)]

    def test_recorded_requests_and_answers(self, decode: Decode) -> None:
        said = decode("pylontech-rs485", *self.recorded())
        assert [line["command"] for line in said] == [
            *(2 * ["protocol_version"] + 2 * ["maker"] + 2 * ["analog_values"] + 2 * ["system_parameters"]),
            *(2 * ["alarms"] + 2 * ["management"] + 2 * ["software_version"]),
            *("analog_values", "management", "alarms"),
        ]
        assert [line["command_from"] for line in said if line["is_answer"]] == 7 * ["request"] + 3 * [
            "layout"
        ]
        assert said[4] == {
            "ver": 32,
            "adr": 2,
            "cid1": 70,
            "cid2": 66,
            "command": "analog_values",
            "is_answer": False,
            "info": "0202",
        }
        assert said[5]["modules"][0]["cell_voltages_v"][:2] == [3.359, 3.36]
        assert (said[5]["rtn"], said[5]["modules"][0]["remaining_ah"]) == (0, 35.5)
        assert said[7]["discharge_current_limit_a"] == -100.0
        assert said[9]["modules"][0]["switches"] == ["charge_mosfet", "discharge_mosfet", "module_power"]
        assert said[11]["charge_enabled"] is True
        assert (said[13]["maker"], said[13]["main_line"]) == ([2, 3], [0, 6, 5])
        assert said[14]["modules"][0]["total_ah"] == 100.0

    def test_the_modules_of_a_group(self, decode: Decode) -> None:
        request = encode_request(Command.ALARMS, 2, b"\xff")
        answer = Rs485Pack(lambda: [UPPER, LOWER]).feed(request)
        said = decode("pylontech-rs485", request.decode(), answer.decode())[1]
        assert (said["scope"], len(said["modules"])) == (2, 2)
        assert said["modules"][1]["cells"] == 15 * ["normal"]

    def test_an_answer_that_may_be_one_or_the_other_says_so(self, decode: Decode) -> None:
        answer = encode_answer(2, Rtn.OK, 76 * b" ").decode()
        request = encode_request(Command.ALARMS, 2, b"\x02").decode()
        alone, _, told = decode("pylontech-rs485", answer, request, answer)
        assert (alone["command"], alone["ambiguous"]) == (None, ["alarms", "maker"])
        assert "modules" not in alone
        assert (told["command"], told["command_from"]) == ("alarms", "request")

    def test_requests_of_other_programs_and_refusals(self, decode: Decode) -> None:
        body = "20024695E00202"
        power_off = f"~{body}{-sum(body.encode()) & 0xFFFF:04X}"
        asked, refused, unknown = decode(
            "pylontech-rs485",
            power_off,
            encode_answer(2, Rtn.COMMAND).decode(),
            encode_answer(2, Rtn.OK, b"\x01\x02\x03").decode(),
        )
        assert (asked["cid2"], asked["command"]) == (0x95, "power_off")
        assert (refused["rtn"], refused["rtn_text"], refused["command"]) == (4, "unknown command", None)
        assert (unknown["command"], unknown["unread"]) == (None, "it has the layout of no known answer")

    def test_what_is_no_frame(self, decode: Decode) -> None:
        said = decode("pylontech-rs485", "~20024642E002FFFD0A", "", "hello", "~20024642E002FFFD09")
        assert [line.get("rejected", "") for line in said] == [
            "CHKSUM does not hold",
            "empty line",
            "a frame is `~` and at least 16 digits 0-9 A-F",
            "",
        ]

    @pytest.mark.recordings
    def test_the_whole_capture(self, shared_data: Path, tmp_path: Path, decode: Decode) -> None:
        lines = tmp_path / "bus.txt.gz"
        with (
            gzip.open(shared_data / "can/rs485/pylontech_us2000_2modules_1600s.csv.gz", "rt") as file,
            gzip.open(lines, "wt") as out,
        ):
            out.writelines(row["frame_ascii"] + "\n" for row in csv.DictReader(file))
        said = decode.words("--wire", "pylontech-rs485", str(lines))
        assert len(said) == 1568
        assert {line["command"] for line in said} == {"analog_values"}
        assert {len(line["modules"]) for line in said[1::2]} == {2}


class TestBatteryCan:
    def test_a_log_may_come_by_standard_input(self, decode: Decode) -> None:
        burst = encode_burst("pylontech-1.2", BatteryState(voltage_v=50.0, current_a=1.5, soc_pct=62))
        said = decode("battery-can", *(f"(1) can0 {can_id:03X}#{data.hex()}" for can_id, data in burst))
        assert {line["profile"] for line in said} == {"pylontech-1.2"}
        assert any(line["readings"].get("battery.current") == 1.5 for line in said)


def test_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["decode", "--wire", "scom", str(tmp_path / "none")]) == 1
    assert "cannot read" in capsys.readouterr().err


def test_a_profile_is_of_batteries_on_can(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decode", "--wire", "scom", "--profile", "sma", "-"]) == 1
    assert "leave it out" in capsys.readouterr().err


def test_a_broken_archive(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(b"aa\n" * 100)[:-9])
    assert main(["decode", "--wire", "scom", str(path)]) == 1
    assert "cannot read" in capsys.readouterr().err
