"""Every exception that procgen raises on purpose: each says what, which one, and what to do."""

from __future__ import annotations


class ProcgenError(Exception):
    """Base of everything raised on purpose.

    Args:
        message: what is wrong, and with which thing.
        hint: what to do about it, if there is something to do.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message if hint is None else f"{message}; {hint}")
        self.message = message
        self.hint = hint


class UnsupportedModelError(ProcgenError):
    """No front-end reads this kind of model, step, option or library version."""


class UnfittedModelError(ProcgenError):
    """The model has not been trained."""


class UntrustedFileError(ProcgenError):
    """Loading this file would run code that it contains."""


class CorruptFileError(ProcgenError):
    """A file is damaged, or is not what its name says."""


class InputsError(ProcgenError):
    """The names or types of a model's inputs are missing, repeated or unusable."""


class LimitError(ProcgenError):
    """The model is larger than the target database can hold."""


class UnrepresentableError(ProcgenError):
    """A value of the model cannot be written in the target database."""


class InvalidProgramError(ProcgenError):
    """A Program breaks a rule of the IR: a defect of the front-end or pass that made it."""


class ProjectError(ProcgenError):
    """The project folder, its settings or its migration files are not in order."""


class DatabaseError(ProcgenError):
    """The database refused, could not be reached, or is not in the recorded state."""


class ParityError(ProcgenError):
    """The scores in the database differ from the model's."""


class CoverageError(ParityError):
    """The stored cases reach too little of the model to certify it."""
