"""A real single-node Apache Kafka (KRaft) without Docker: jars through Maven, data under `.local/`."""
