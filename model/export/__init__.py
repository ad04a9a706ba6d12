"""From trained networks to a bundle: weights, int8 graphs, thresholds, figures; or ONNX."""
