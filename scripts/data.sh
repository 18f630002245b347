#!/bin/sh
# make data: fetch the training images of ISIC 2018 Task 3, then prepare them; what is done already is left.
set -eu
train=$1/dermvtt-train photos=photos/isic2018 data=data/isic2018

if [ -e "$data/dataset.json" ]; then
    echo "$data is prepared already. Licence and citation: $photos/LICENCE.txt" >&2
    exit 0
fi
"$train" fetch --out "$photos"
exec "$train" prepare "$photos" --out "$data"
