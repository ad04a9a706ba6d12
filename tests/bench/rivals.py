"""What the worker is held against: the reference project's design, and what a user writes in an afternoon."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from confluent_kafka import Consumer, Producer

from model.bundle import GATE_GRAPH, SEGMENTER_GRAPH, load_card
from model.card import LINE, PLANT, InputSpec
from model.engines.core import runtime
from model.engines.cuts import cut
from model.inspector import Pixels
from model.regions import RegionFinder
from tests.bench.cascade import decode

COMMIT_EACH_S = 0.1
_SILENT = logging.Logger("librdkafka", level=logging.CRITICAL)


def reference_frames_per_s(frames: Sequence[bytes], share: float) -> float:
    """EfficientNet-B2 classifier, then LinkNet on EfficientNet-B2, 256x1600x3, eager torch, frame by frame.

    Random weights: what they cost does not depend on them. `share` of the frames is segmented.
    """
    import segmentation_models_pytorch as smp  # only this rival needs torch
    import timm
    import torch

    classifier = timm.create_model("efficientnet_b2", num_classes=1).eval()
    segmenter = smp.Linknet("efficientnet-b2", encoder_weights=None, in_channels=3, classes=4).eval()

    def infer(encoded: bytes, defective: bool) -> None:
        pixels = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
        batch = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
        torch.sigmoid(classifier(batch)).item()
        if defective:
            (torch.sigmoid(segmenter(batch)) > 0.5).numpy()

    every = max(1, round(1 / share))
    with torch.inference_mode():
        infer(frames[0], defective=True)
        began = time.perf_counter()
        for index, encoded in enumerate(frames):
            infer(encoded, defective=index % every == every - 1)
        return len(frames) / (time.perf_counter() - began)


class Afternoon:
    """Consume, infer, produce, one frame at a time, a commit each 100 ms: at least once, no headers checked.

    It gets the same int8 graphs, as OpenVINO compiles them by default (all cores for one frame), and the same
    post-processing. With `our_decoder` also the decoder that halves a JPEG in its DCT, else the manual's.
    """

    def __init__(self, folder: Path, *, our_decoder: bool) -> None:
        self._decode = decode if our_decoder else decode_by_the_manual
        self._card = load_card(folder)
        core = runtime()
        # One stream is its default for one frame at a time; graphs with several were seen compiled wrongly.
        options = {"INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": 1}
        self._gate = core.compile_model(folder / GATE_GRAPH, "CPU", options)
        self._segmenter = core.compile_model(
            cut(core.read_model(folder / SEGMENTER_GRAPH), "probabilities"), "CPU", options
        )
        self._point = self._card.presets[LINE].operating_points[PLANT]
        class_ids = [kind.class_id for kind in self._card.classes]
        self._finder = RegionFinder(self._card.input, class_ids, self._point.masks)

    def frames_per_s(self, bootstrap_servers: str, topic: str, into: str, group: str, frames: int) -> float:
        """Read `frames` of the topic; the clock starts with the first."""
        consumer = Consumer(
            {
                "bootstrap.servers": bootstrap_servers,
                "group.id": group,
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
            },
            logger=_SILENT,
        )
        producer = Producer({"bootstrap.servers": bootstrap_servers}, logger=_SILENT)
        consumer.subscribe([topic])
        done, began_s, committed_s = 0, 0.0, 0.0
        while done < frames:
            message = consumer.poll(1.0)
            if message is None or message.error():
                continue
            if not done:
                began_s = committed_s = time.perf_counter()
            producer.produce(into, json.dumps(self._infer(message.value())).encode(), message.key())
            producer.poll(0)
            done += 1
            if time.perf_counter() - committed_s >= COMMIT_EACH_S or done == frames:
                producer.flush()
                consumer.commit(asynchronous=False)
                committed_s = time.perf_counter()
        elapsed_s = committed_s - began_s
        consumer.close()
        return done / elapsed_s

    def _infer(self, encoded: bytes) -> dict[str, Any]:
        pixels = self._decode(encoded, self._card.input)[None, None]
        score = float(self._gate(pixels)[0][0])
        if score < self._point.gate_threshold:
            return {"score": score}
        regions = self._finder.find(self._segmenter(pixels)[0][0])
        return {"score": score, "regions": [[r.class_id, r.area_px, r.rle] for r in regions]}


def decode_by_the_manual(encoded: bytes, spec: InputSpec) -> Pixels:
    """cv2.imdecode, then cv2.resize."""
    pixels = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_GRAYSCALE)
    size = (spec.width_px // spec.reduce, spec.height_px // spec.reduce)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
