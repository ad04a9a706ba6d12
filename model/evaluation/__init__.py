"""How good a bundle is on frames that it held out: figures with intervals, a report, a model card."""
