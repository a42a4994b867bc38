"""What a gateway or a device says when it refuses (specification V1.6.32, 4.6; same numbers on Xcom-CAN)."""

from __future__ import annotations

from enum import IntEnum


class ScomError(IntEnum):
    """An error code. A code outside the table makes a member UNKNOWN_xxxx, never an exception."""

    INVALID_FRAME = 0x01
    DEVICE_NOT_FOUND = 0x02
    RESPONSE_TIMEOUT = 0x03
    SERVICE_NOT_SUPPORTED = 0x11
    INVALID_SERVICE_ARGUMENT = 0x12
    GATEWAY_BUSY = 0x13
    TYPE_NOT_SUPPORTED = 0x21
    OBJECT_ID_NOT_FOUND = 0x22
    PROPERTY_NOT_SUPPORTED = 0x23
    INVALID_DATA_LENGTH = 0x24
    PROPERTY_IS_READ_ONLY = 0x25
    INVALID_DATA = 0x26
    DATA_TOO_SMALL = 0x27
    DATA_TOO_BIG = 0x28
    WRITE_PROPERTY_FAILED = 0x29
    READ_PROPERTY_FAILED = 0x2A
    ACCESS_DENIED = 0x2B
    OBJECT_NOT_SUPPORTED = 0x2C
    MULTICAST_READ_NOT_SUPPORTED = 0x2D
    OBJECT_PROPERTY_INVALID = 0x2E
    FILE_OR_DIRECTORY_NOT_PRESENT = 0x2F
    FILE_CORRUPTED = 0x30
    INVALID_SHELL_ARGUMENT = 0x81

    @classmethod
    def _missing_(cls, value: object) -> ScomError | None:
        if not isinstance(value, int):
            return None
        unknown = int.__new__(cls, value)
        unknown._name_ = f"UNKNOWN_{value:04X}"
        unknown._value_ = value
        return unknown

    @property
    def text(self) -> str:
        """What it means, for people."""
        return _TEXTS.get(self.value, f"unknown error {self.value:#06x}")


_TEXTS = {
    0x01: "the frame was malformed",
    0x02: "no such device",
    0x03: "the device did not answer the gateway",
    0x11: "service not supported",
    0x12: "wrong argument of the service",
    0x13: "the gateway is busy",
    0x21: "object type not supported",
    0x22: "no such object on this device",
    0x23: "no such property of this object",
    0x24: "wrong length of the data",
    0x25: "can only be read",
    0x26: "value not allowed",
    0x27: "value too small",
    0x28: "value too big",
    0x29: "writing failed",
    0x2A: "reading failed",
    0x2B: "access denied",
    0x2C: "object not supported",
    0x2D: "a group of devices cannot be read",
    0x2E: "property not valid for this object",
    0x2F: "file or directory not present",
    0x30: "file corrupted",
    0x81: "wrong argument of the shell",
}

RETRYABLE = frozenset(
    {
        ScomError.RESPONSE_TIMEOUT,
        ScomError.GATEWAY_BUSY,
        ScomError.WRITE_PROPERTY_FAILED,
        ScomError.READ_PROPERTY_FAILED,
    }
)
"""Errors that may pass: the same request is worth another try. All others would be refused again."""
