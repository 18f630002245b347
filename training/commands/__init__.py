"""The commands of ``dermvtt-train``: arguments in, calls out.

What a command needs is imported when it runs, so that ``--help`` need not wait for torch.
"""
