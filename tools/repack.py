"""tools/repack.py WHEEL: the same files, packed as small as zip can; what builds wheels does not ask for that."""

import os
import sys
import zipfile

(wheel,) = sys.argv[1:]
smaller = wheel + ".part"
with zipfile.ZipFile(wheel) as given, zipfile.ZipFile(smaller, "w") as made:
    for entry in given.infolist():
        made.writestr(entry, given.read(entry), zipfile.ZIP_DEFLATED, 9)
os.replace(smaller, wheel)
