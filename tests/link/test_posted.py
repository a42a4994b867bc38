"""A CoAP message in an HTTP body: whole, of the kind that belongs there, or malformed and nothing else."""

from __future__ import annotations

import contextlib

import pytest
from aiocoap.message import Message
from aiocoap.numbers.codes import CHANGED, POST
from aiocoap.numbers.types import ACK, CON
from hypothesis import given
from hypothesis import strategies as st

from stallaini.link.posted import pack, unpack
from stallaini.link.varint import Malformed


@given(st.binary(max_size=2000))
def test_a_packed_message_reads_back(payload: bytes) -> None:
    request = Message(code=POST, payload=payload)
    request.opt.uri_path = ("s",)
    read = unpack(pack(request, CON), CON, "here")
    assert (read.code, read.opt.uri_path, read.payload, read.remote) == (POST, ("s",), payload, "here")


def test_an_answer_is_no_request_and_a_request_no_answer() -> None:
    request, answer = pack(Message(code=POST), CON), pack(Message(code=CHANGED), ACK)
    for body, kind in ((request, ACK), (answer, CON), (b"", CON), (b"\x40", CON)):
        with pytest.raises(Malformed):
            unpack(body, kind, None)


def test_a_token_is_refused_since_it_would_come_back_in_the_answer() -> None:
    with pytest.raises(Malformed):
        unpack(b"\x48\x02\x00\x00<script>", CON, None)


@given(st.binary(max_size=80), st.sampled_from([b"", b"\x40", b"\x40\x02\x00\x00", b"\x40\x02\x00\x00\x92"]))
def test_any_bytes_are_a_message_or_malformed(data: bytes, start: bytes) -> None:
    with contextlib.suppress(Malformed):
        unpack(start + data, CON, None)
