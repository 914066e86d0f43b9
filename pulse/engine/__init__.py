"""Sans-I/O execution of a plan: operators, stages, windows, watermarks, ledger.

Never sleeps, reads a clock or opens a file.
"""
