"""The platform as its documentation describes it: it keeps state and enforces its rules.

The sandbox's adapters talk to it inside the process, the tests' over HTTP. Production has none.
"""
