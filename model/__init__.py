"""Gate, segmenter, engines and bundles. Knows no Kafka."""
