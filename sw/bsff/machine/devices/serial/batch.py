"""Accesses gathered into the operations of a parcel."""

from bsff.contract.serial import PARCEL_WORDS, REPLY_WORDS, Kind, operation


class Batch:
    """Operations that travel together, in order.

    Accesses to one register, or to registers that follow each other, become one operation.

    Attributes
    ----------
    words : list of int
        The operations with their data, at most `PARCEL_WORDS`.
    reads : int
        Words that they read.
    waits : bool
        Whether one of them waits.
    """

    def __init__(self) -> None:
        self.words: list[int] = []
        self.reads = 0
        self.waits = False
        self._begun: tuple[int, Kind, int, int, int] | None = None  # place, kind, first address, count, step

    def write(self, address: int, value: int) -> bool:
        """Add a write; False if there is no room, and nothing was added."""
        if len(self.words) + 1 + (not self._joins(Kind.WRITE, address)) > PARCEL_WORDS:
            return False
        self._add(Kind.WRITE, address)
        self.words.append(value)
        return True

    def read(self, address: int) -> bool:
        """Add a read; False if there is no room, and nothing was added.

        A reply holds `REPLY_WORDS`, and what comes after a wait may have to be sent again, which a read must not be.
        """
        room = len(self.words) + (not self._joins(Kind.READ, address)) <= PARCEL_WORDS
        if self.waits or self.reads == REPLY_WORDS or not room:
            return False
        self._add(Kind.READ, address)
        self.reads += 1
        return True

    def wait(self, address: int) -> bool:
        """Add a wait until a register reads other than 0; False if there is no room, and nothing was added."""
        if self.reads or len(self.words) == PARCEL_WORDS:
            return False
        self._begun = None
        self._add(Kind.WAIT, address)
        self._begun = None
        self.waits = True
        return True

    def _joins(self, kind: Kind, address: int) -> bool:
        """Whether an access goes on with the operation that was added last."""
        if self._begun is None:
            return False
        _, last, first, count, step = self._begun
        if kind is not last:
            return False
        return address in (first, first + 4) if count == 1 else address == first + step * count

    def _add(self, kind: Kind, address: int) -> None:
        if self._joins(kind, address):
            assert self._begun is not None
            place, _, first, count, step = self._begun
            self._begun = (place, kind, first, count + 1, address - first if count == 1 else step)
        else:
            self._begun = (len(self.words), kind, address, 1, 0)
            self.words.append(0)
        place, _, first, count, step = self._begun
        self.words[place] = operation(kind, first, count, increments=step != 0)
