"""The port at which a machine answers."""

from importlib import import_module

from bsff.errors import DeviceError

from .courier import probe
from .port import Port, pyserial


def candidates() -> list[str]:
    """Ports behind which a board may be: those of USB adapters, sorted."""
    pyserial()
    found = import_module("serial.tools.list_ports").comports()
    return sorted(port.device for port in found if port.vid is not None)


def find(baud: int) -> Port:
    """Open the only port at which a machine answers; each is asked, with six bytes, whether it is one.

    Raises
    ------
    DeviceError
        If none or several answer, with what each of them said.
    """
    names, said, answered = candidates(), [], []
    if not names:
        raise DeviceError(
            "serial: no USB serial port is there; plug the board in, or name its port, as in serial:/dev/ttyUSB0"
        )
    for name in names:
        try:
            port = Port(name, baud)
        except DeviceError as error:
            said.append(str(error))
            continue
        try:
            probe(port, tries=1)
            answered.append(port)
        except DeviceError as error:
            said.append(str(error))
            port.close()
    if len(answered) == 1:
        return answered[0]
    for port in answered:
        port.close()
    if answered:
        paths = ", ".join(port.path for port in answered)
        raise DeviceError(
            f"serial: {len(answered)} machines answer, at {paths}; name one, as in serial:{answered[0].path}"
        )
    raise DeviceError(
        f"serial: none of {len(names)} ports answers as a machine at {baud} baud. {'; '.join(said)}. Name port and rate, as in "
        f"serial:{names[0]},115200"
    )
