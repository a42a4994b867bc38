"""What one minute costs in processor time: journaled, coded and decoded, one by one, as on a live link."""

from __future__ import annotations

import time
from pathlib import Path

from stallaini.clock import VirtualClock
from stallaini.edge.journal import Journal, Origin
from stallaini.link.codec_range import Codecs
from stallaini.link.envelope import HeadForm, decode_uplink, pack_uplink
from stallaini.link.messages import Head, Minute, Uplink
from stallaini.ops.bench.link_day import Day
from stallaini.site.description import description_hash

_MINUTES = 500
_ID = b"cpubench"


def cpu_ms_per_minute(day: Day, file: Path) -> float:
    """Milliseconds of one core for a minute's journal commit (FULL), its uplink, and its decoding.

    `file` is where the journal goes, on the disk to be measured. Raises ValueError when the server would
    read another minute than was journaled.
    """
    description = day.description.encode()
    codecs = Codecs(day.description)
    head = Head(_ID, _ID, description_hash(description))
    journal = Journal(file, 10**8, VirtualClock(day.first_minute * 60.0), Origin(_ID, description))
    base = journal.append([Minute(day.first_minute, day.rows[0])])[0]
    begin_s = time.process_time()
    for number in range(1, _MINUTES + 1):
        entry = journal.append([Minute(day.first_minute + number, day.rows[number])])[0]
        uplink = Uplink(*head, after_seq=base.seq)
        packed = pack_uplink(uplink, [entry], base, form=HeadForm.BRIEF, codec=codecs.shipped)
        read = decode_uplink(packed.payload, codecs, known=head, acked_seq=base.seq, bases=[base])
        if read.entries != (entry,):
            raise ValueError(f"minute {number} was read as another one")
        journal.forget(entry.seq)
        base = entry
    spent_s = time.process_time() - begin_s
    journal.close()
    return spent_s / _MINUTES * 1000
