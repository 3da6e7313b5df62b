"""The library: on an array or a recording what a rig does on a stream, for notebooks and scripts.

Everything here is reached as ``import stimloop as sl``; `stimloop` itself says what there is.
"""
