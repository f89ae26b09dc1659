"""The real servers that contract suites and end-to-end tests run against.

`programs` finds or obtains them, `plans` says how each is started, `keeper` starts one and stops it with its owner,
`shared` lets all workers of a test run use the same one. On the command line: `python -m tests.servers`.
"""
