"""Stands in for PyTorch, which ZipNN imports even where it compresses plain bytes: names, and nothing that computes."""
__version__ = "2.0.0"


class Tensor:
    pass


class nn:
    class Module:
        pass


class jit:
    @staticmethod
    def script(function):
        return function


class _Name:
    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return f"torch.{self.name}"


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    # The same object for the same name: dtypes are compared.
    return globals().setdefault(name, _Name(name))
