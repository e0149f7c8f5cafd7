"""What a room offers, said once: the names that its ``__init__`` imports."""

from types import ModuleType


def offered(names):
    """List the public names in the ``vars()`` of a room, constants first; modules are not offered.

    Parameters
    ----------
    names : dict

    Returns
    -------
    list of str
    """
    public = [n for n, thing in names.items() if n[0] != "_" and not isinstance(thing, ModuleType)]
    return sorted(public, key=lambda name: (not name.isupper(), name))
