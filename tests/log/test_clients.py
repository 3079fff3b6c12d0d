"""What clients of librdkafka bring along, and what they do without."""

import subprocess
import sys


def test_what_reads_the_log_through_librdkafka_does_not_load_aiokafka() -> None:
    """It takes a sixth of a second, which `tracker why` and `tracker rejected` would wait for nothing."""
    program = (
        "import sys; from tracker.cli import answers, rejected; from tracker.serve.views import why; "
        "from tracker.store.reading import sync; from tracker.log import cluster, producer, rejected, search; "
        "from tracker.config import Settings; "
        "cluster.Cluster(Settings(kafka_sasl='OAUTHBEARER', kafka_token_command='true')); "
        "print({'aiokafka', 'confluent_kafka'} & sys.modules.keys())"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert found == "{'confluent_kafka'}\n"
