"""What the program must say of a frame, once more, in plain Python: written from the protocols' documents.

It was written without a look at bpf/, and shares no number with it: the two are independent readings of the same
documents, and where they differ one of them is wrong. `tests/kernel/test_differential.py` and `make fuzz` compare
them. What the documents leave open is the product's to say: docs/protocols.md, docs/kernel.md.
"""
