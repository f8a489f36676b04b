"""The rows of `make vagrant-test`: what packages, kernel and network do on machines of their own.

`run` starts the subjects, a file each; `topology` says where every role is, `machine` runs commands there, and
`table` keeps what was expected and what was seen. What runs on the machines lies in `guest`.
"""
