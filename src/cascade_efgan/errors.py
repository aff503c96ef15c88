"""The one error that users see as a sentence instead of a traceback."""


class InputError(Exception):
    """Bad input: a file, a setting or a key that the user can mend.

    The message is one sentence that names the file or key, what was expected and what to do.
    The command line prints it and exits with status 2.
    """
