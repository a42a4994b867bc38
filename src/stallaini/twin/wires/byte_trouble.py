"""What a bad cable does to bytes: some come out changed, some not at all, some twice."""

from __future__ import annotations

import random


class ByteTrouble:
    """The state of one line. `damage_share` of its bytes are harmed each way; 0 is a good line."""

    def __init__(self, seed: int = 1) -> None:
        self.damage_share = 0.0
        self.cut = False
        self._chance = random.Random(f"bytes {seed}")

    def carry(self, data: bytes) -> bytes:
        """What comes out at the other end."""
        if self.cut:
            return b""
        if not self.damage_share:
            return data
        return b"".join(self._carry_byte(byte) for byte in data)

    def _carry_byte(self, byte: int) -> bytes:
        if self._chance.random() >= self.damage_share:
            return bytes([byte])
        fate = self._chance.randrange(4)
        if fate == 0:
            return b""
        if fate == 1:
            return bytes([byte, self._chance.randrange(256)])
        return bytes([byte ^ 1 << self._chance.randrange(8)])
