"""What goes wrong, told apart by whose trouble it is: the command line turns these into exit codes."""


class UserError(Exception):
    """Wrong input: one sentence that names the file, line or key and what is allowed. Exit code 2."""


class Trouble(Exception):
    """Trouble that is not the user's (a dead worker, a server that lies). Exit code 1."""


class MissingPackage(UserError):
    """An optional package is not installed; the message holds the install line."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(package, extra, purpose)

    def __str__(self) -> str:
        package, extra, purpose = self.args
        return f"{purpose} needs the package '{package}': pip install {package} (or ocrdata with its extra '{extra}')"


class Stopped(Exception):
    """The user or the system stopped the work, which is saved. Exit code 2 (Ctrl-C) or 143 (SIGTERM)."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message, code)
        self.code = code

    def __str__(self) -> str:
        return str(self.args[0])
