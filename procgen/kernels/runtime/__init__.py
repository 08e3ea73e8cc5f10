"""The kernel itself: NumPy and the standard library only, because servers run it without procgen.

The modules are put together as one text (procgen/kernels/source.py), so a name stands once in all
of them, and they import nothing of each other but names. Python 3.11 with NumPy 1.24 must run it.
"""
