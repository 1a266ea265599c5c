"""The distributor: who gets which call, and when. Pure: no clock, no chance, no input or output.

Start reading at `machine.Distributor`; `commands` go in, `effects` come out, `model` is what admins have decided.
"""
