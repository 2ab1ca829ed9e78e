#!/bin/sh
# Makes the recordings in the folder digits: each digit by two voices of espeak-ng, as mu-law at 16 kHz, without the silence at both ends. Needs espeak-ng and sox.
set -e
cd "$(dirname "$0")/digits"
for voice in en-us+m3 en-gb+f2; do
  n=0
  for word in zero one two three four five six seven eight nine; do
    espeak-ng -v "$voice" -s 140 --stdout "$word" |
      sox -t wav - -r 16000 -c 1 -e mu-law "$n-${voice#*+}.wav" silence 1 0.01 0.5% reverse silence 1 0.01 0.5% reverse
    n=$((n + 1))
  done
done
