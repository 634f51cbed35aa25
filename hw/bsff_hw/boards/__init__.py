"""What builds a machine for a board: the table of boards, scripts for the tools, the shell around a bare PS7."""

from .table import BOARDS, Board, board, names

__all__ = ["BOARDS", "Board", "board", "names"]
