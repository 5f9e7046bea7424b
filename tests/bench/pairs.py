#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pairs - two commands in turn, A B A B ..., and the ratio of their wall times.

usage: pairs.py REPETITIONS WARMUP JSON_A JSON_B [OUTPUT_A OUTPUT_B]

Each command is a JSON list of words; its output goes to the file named, or
nowhere. Prints one JSON object: medians in milliseconds and the median of the
ratios A/B pair by pair. Exits 1 if a command failed.
"""
import json
import statistics
import subprocess
import sys
import time


def once(words, path):
    with open(path, "wb") as out:
        start = time.monotonic()
        rc = subprocess.call(words, stdin=subprocess.DEVNULL, stdout=out)
        took = time.monotonic() - start
    if rc != 0:
        sys.exit(f"pairs: exit status {rc}: {words}")
    return took


def main():
    reps, warmup = int(sys.argv[1]), int(sys.argv[2])
    cmd = [json.loads(sys.argv[3]), json.loads(sys.argv[4])]
    out = sys.argv[5:7] if len(sys.argv) > 5 else ["/dev/null", "/dev/null"]
    took = ([], [])
    for i in range(warmup + reps):
        for side in (0, 1):
            t = once(cmd[side], out[side])
            if i >= warmup:
                took[side].append(t)
    ratios = [a / b for a, b in zip(*took)]
    print(json.dumps({
        "a_ms": round(statistics.median(took[0]) * 1000, 1),
        "b_ms": round(statistics.median(took[1]) * 1000, 1),
        "ratio": round(statistics.median(ratios), 3),
        "ratio_min": round(min(ratios), 3),
        "ratio_max": round(max(ratios), 3),
    }))


main()
