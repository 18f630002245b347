#!/bin/sh
# make train-FAMILY: prepare the data set where it is not one yet, then train, or go on with a run.
set -eu
bin=$1 family=$2 data=$3 preset=$4 run=$5
train=$bin/dermvtt-train

if [ -z "$data" ]; then
    data=data/phantoms
    [ -e photos/phantoms ] || "$train" phantom --out photos/phantoms
    [ -e "$data" ] || "$train" prepare photos/phantoms --out "$data"
elif [ ! -e "$data/dataset.json" ]; then
    photos=$data
    # Named by the whole path: a/photos and b/photos are not the same photographs.
    path=$(CDPATH='' cd -- "$photos" 2>/dev/null && pwd -P) || path=$photos
    data=data/$(basename "$path")-$(printf %s "$path" | cksum | cut -d ' ' -f 1)
    [ -e "$data/dataset.json" ] || "$train" prepare "$photos" --out "$data"
fi
resume=$([ -e "$run" ] && echo --resume || true)
exec "$train" train "$family" --data "$data" --preset "$preset" --out "$run" $resume
