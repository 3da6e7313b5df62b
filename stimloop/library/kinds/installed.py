"""Every kind that is installed, as an attribute; `stimloop.library.kinds.stub` writes its types."""

from stimloop.library.kinds.factories import factories, parts


def __getattr__(name: str) -> object:
    """Return a kind by the name of its class, or a part of one."""
    found = factories().get(name, parts().get(name))
    if found is None:
        raise AttributeError(
            f"expected a kind of detector or artifact step ({', '.join(factories())}) or a part of "
            f"one ({', '.join(parts())}), found {name!r}"
        )
    return found


def __dir__() -> list[str]:
    """Return the names of all kinds and of their parts."""
    return [*factories(), *parts()]
