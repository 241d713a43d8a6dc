#!/usr/bin/env bash
# ray 2.60.0: a training in a Ray of its own is ended by another cluster on the machine, or ends 12 s late.
#
# Each training of Ray Train has an actor, PlacementGroupCleaner, that asks the state API once a second whether the
# training's controller lives, and removes its placement group if not. It asks without an address. The client then takes
# RAY_ADDRESS or the last cluster of `ray start`, also where the training runs in ray.init(address="local"). Three cases:
#
# 1. The other cluster is up and has a dashboard. It knows no such actor, so the cleaner takes the controller for dead
#    and removes the placement group. fit() fails: "Destroying worker since its placement group was removed".
# 2. The other cluster was killed, and its address is still in ray_current_cluster. The client waits 40 s for it, and
#    when the training is over the controller waits 12 s for the cleaner. The training only ends late.
# 3. RAY_API_SERVER_ADDRESS names an address that refuses, while the local Ray starts. The question fails at once, the
#    cleaner only logs it, and the training ends when it is done.
#
# Seen: 1 failed after 6 s, 2 took 32 s, 3 took 21 s, of which the worker slept 10 s.
set -euo pipefail
folder=$(mktemp -d)
export RAY_USAGE_STATS_ENABLED=0 RAY_TMPDIR="$folder"
unset RAY_ADDRESS RAY_API_SERVER_ADDRESS
trap 'pkill -KILL -f "$folder" || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "ray[data,default,train]==2.60.0"
cat > "$folder/fit.py" << 'PYTHON'
import logging
import sys
import time

import ray
from ray import train
from ray.train.v2.api.data_parallel_trainer import DataParallelTrainer


def work():
    time.sleep(10)
    train.report({"loss": 1.0})


ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
trainer = DataParallelTrainer(
    work,
    scaling_config=train.ScalingConfig(num_workers=1),
    run_config=train.RunConfig(name="short", storage_path=sys.argv[1]),
)
started = time.monotonic()
try:
    trainer.fit()
    ended = "fitted"
except train.TrainingFailedError as error:
    ended = "failed: group removed" if "placement group was removed" in str(error) else f"failed: {error}"
print(f"{time.monotonic() - started:.0f} s, {ended}")
PYTHON
fit() {
    "$folder/venv/bin/python" "$folder/fit.py" "$folder/$1" 2> /dev/null | tail -1
}
"$folder/venv/bin/ray" start --head --port=7399 --dashboard-port=8299 --num-cpus=1 > "$folder/head.log" 2>&1
sleep 10
beside=$(fit beside)
told=$(RAY_API_SERVER_ADDRESS=http://127.0.0.1:9 fit told)
pkill -KILL -f "$folder/venv/.*(gcs_server|raylet|dashboard)"
after=$(fit after)
echo "1. beside another cluster: $beside"
echo "2. after it was killed: $after"
echo "3. with an address that refuses: $told"
[[ $beside == *"failed: group removed" && $after == *fitted && $told == *fitted ]]
((${after%% s*} - ${told%% s*} > 8))
