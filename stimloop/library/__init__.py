"""The library: runs on an array or a recording what a rig runs on a stream, for notebooks.

Everything here is reached as ``import stimloop as sl``; `stimloop` itself says what there is.
"""
