"""Who the modules are: asked once, told as one event."""

from __future__ import annotations

from collections.abc import Collection

from stallaini.devices.can_bus.frame import EventData
from stallaini.devices.pylontech_rs485.values import Answered, Maker, Serial, Software


class Identity:
    """Collects maker, software and serial numbers of a stack. What a battery does not answer is left out."""

    def __init__(self) -> None:
        self.maker: Maker | None = None
        self.software: Software | None = None
        self.serials: dict[int, str] = {}
        """Serial numbers by the module's number."""

    def take(self, number: int, answered: Answered) -> None:
        """Take what module `number` answered; anything that is no identity is passed over."""
        if isinstance(answered, Maker):
            self.maker = answered
        elif isinstance(answered, Software):
            self.software = answered
        elif isinstance(answered, Serial):
            self.serials[number] = answered.serial

    def told(self, modules: Collection[int]) -> EventData:
        """What an event tells of it."""
        data: EventData = {"modules": len(modules)}
        if self.maker is not None:
            data |= {"maker": self.maker.maker, "model": self.maker.device}
        if self.software is not None:
            data["software"] = ".".join(map(str, self.software.main_line))
        serials = [self.serials[number] for number in sorted(modules) if number in self.serials]
        if serials:
            data["serials"] = " ".join(serials)
        return data
