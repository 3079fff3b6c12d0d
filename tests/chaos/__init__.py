"""Workers and Redis are killed at random while scans come; afterwards an oracle looks whether anything is amiss.

`world` runs the processes, the traffic and the faults, `log` reads the topics back with a plain consumer, `model` folds
them with the reference model, `oracle` holds Redis and the dead letters against that, and `planted` are bugs which the
oracle must find.
"""
