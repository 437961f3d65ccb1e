#!/bin/sh
# tools/aot.sh --check | IN.wasm OUT.aot: machine code of a Fluent Bit module for this machine's processor, by WAMR's compiler.
set -eu
wamrc=${WAMRC:-wamrc}
if ! command -v "$wamrc" > /dev/null; then
  cat >&2 <<'END'
AOT=1 needs wamrc, the ahead-of-time compiler of WebAssembly Micro Runtime, and it is not here. Build it from the sources of the
version inside your Fluent Bit (2.4.1 in Fluent Bit 5.1; wamr-compiler/ in github.com/bytecodealliance/wasm-micro-runtime), then
put it on PATH or say where it is: make filter AOT=1 WAMRC=/path/to/wamrc. Without AOT=1 the module is the same, interpreted.
END
  exit 1
fi
test "$1" = --check && exit
# Fluent Bit's runtime has no SIMD. Bounds are checked in code: the host's own signal handlers stay as they are.
"$wamrc" --disable-simd --bounds-checks=1 -o "$2" "$1"
echo "$2: for this kind of processor, and for the runtime of $("$wamrc" --version)"
