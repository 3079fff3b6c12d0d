"""The fault matrix on real processes: Kafka, Redis and workers, and proxies that break what networks break.

`row` says what a row of the matrix is and `rows` has them; `world` runs the processes, `sender` the traffic, `watch`
looks at them all the while; `campaign` lets rows strike, one after another, and `lanes` runs some campaigns at once.
`log` reads the topics back with a plain consumer, `model` folds them with the reference model, `oracle` holds Redis and
the dead letters against that, and `planted` are bugs which the oracle must find. `results` is the form in which all of
that is kept.
"""
