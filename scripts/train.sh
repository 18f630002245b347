#!/bin/sh
# make train-FAMILY: prepare the data set where it is not one yet, then train, or go on with a run.
set -eu
family=$1 data=$2 preset=$3 run=$4
train=.venv/bin/dermvtt-train

if [ -z "$data" ]; then
    data=data/phantoms
    [ -e photos/phantoms ] || $train phantom --out photos/phantoms
    [ -e "$data" ] || $train prepare photos/phantoms --out "$data"
elif [ ! -e "$data/dataset.json" ]; then
    photos=$data data=data/$(basename "$data")
    [ -e "$data/dataset.json" ] || $train prepare "$photos" --out "$data"
fi
resume=$([ -e "$run" ] && echo --resume || true)
exec $train train "$family" --data "$data" --preset "$preset" --out "$run" $resume
