"""`python -m ocrdata.datagen.kernel`: build the kernel now, and say which."""

from .build import available, cache_folder, compiler, load_level

if compiler() is None:
    print("no C compiler (cc, gcc, clang or $CC): lines are drawn by Python and OpenCV, with the same bytes")
for level in available():
    print(f"{level}: {'ready' if load_level(level) else 'not built'} in {cache_folder()}")
