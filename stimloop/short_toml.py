"""A configuration without the keys that have their default, as a person would write it."""

from typing import Any

import msgspec
import tomli_w

from stimloop.config import Config


def short_toml(config: Config) -> str:
    """Return a configuration as TOML without defaults; reading it gives the same configuration."""
    return tomli_w.dumps(_plain(config))


def table_of(value: msgspec.Struct) -> dict[str, Any]:
    """Return a struct as a table, without the keys that have their default."""
    tag_field, tag = value.__struct_config__.tag_field, value.__struct_config__.tag
    made: dict[str, Any] = {}
    for field in msgspec.structs.fields(value):
        is_given = getattr(value, field.name)
        default = field.default
        if default is msgspec.NODEFAULT and field.default_factory is not msgspec.NODEFAULT:
            default = field.default_factory()
        if is_given is not None and is_given != default:
            made[field.encode_name] = _plain(is_given)
    if tag_field is None:
        return made
    # The kind comes after the table's name and before the keys of that kind.
    first: dict[str, Any] = {key: made.pop(key) for key in ("id", "name") if key in made}
    return {**first, tag_field: tag, **made}


def _plain(value: Any) -> Any:  # noqa: ANN401 any plain data
    if isinstance(value, msgspec.Struct):
        return table_of(value)
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
