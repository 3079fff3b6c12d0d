"""Clusters as tests come to them."""

from tracker.config import Settings
from tracker.log.cluster import Cluster


def plaintext(address: str) -> Cluster:
    """A cluster that anybody may come to."""
    return Cluster(Settings(kafka=address))
