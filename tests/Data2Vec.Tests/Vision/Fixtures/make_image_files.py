"""Writes image files of every kind that the decoder supports, and the pixels that Pillow decodes from each (.ppm).

Run with Python 3, Pillow, NumPy and the programs of libjpeg-turbo: python3 make_image_files.py
Transparent pixels are blended over white, the EXIF orientation is applied, and embedded color profiles are ignored.
"""

import io
import os
import struct
import subprocess
import tempfile
import zlib

import numpy as np
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "files")
WIDTH, HEIGHT = 37, 23


def picture(width=WIDTH, height=HEIGHT, seed=7):
    """Smooth color ramps, an edge and some noise."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(float)
    red = 255 * x / max(width - 1, 1)
    green = 255 * y / max(height - 1, 1)
    blue = np.where(x + y > (width + height) / 2, 220, 30)
    pixels = np.stack([red, green, blue], -1) + random.normal(0, 6, (height, width, 3))
    return pixels.clip(0, 255).round().astype(np.uint8)


def alpha_ramp():
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return ((x * 9 + y * 3) % 256).astype(np.uint8)


def over_white(image):
    image = ImageOps.exif_transpose(image)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


def write_ppm(name, image):
    with open(os.path.join(FOLDER, name + ".ppm"), "wb") as file:
        file.write(b"P6\n%d %d\n255\n" % image.size + image.tobytes())


def expect(name, pixels=None):
    """Writes the pixels expected of a file: those given, or what Pillow decodes."""
    if pixels is not None:
        write_ppm(name, Image.fromarray(np.ascontiguousarray(pixels)))
        return
    with Image.open(os.path.join(FOLDER, name)) as image:
        write_ppm(name, over_white(image))


def save(name, image, **options):
    image.save(os.path.join(FOLDER, name), **options)
    expect(name)


def write(name, data, pixels=None):
    with open(os.path.join(FOLDER, name), "wb") as file:
        file.write(data)
    expect(name, pixels)


def png(samples, depth, color, interlaced=False, chunks=()):
    """A PNG of integer samples [height, width, channels], including kinds that Pillow cannot write."""
    height, width, channels = samples.shape

    def rows(part):
        data = b""
        for row in part:
            flat = row.reshape(-1)
            if depth == 16:
                data += b"\0" + flat.astype(">u2").tobytes()
            elif depth == 8:
                data += b"\0" + flat.astype(np.uint8).tobytes()
            else:
                bits = ((flat[:, None] >> np.arange(depth)[::-1]) & 1).astype(np.uint8).reshape(-1)
                data += b"\0" + np.packbits(bits).tobytes()
        return data

    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    parts = [samples[y::down, x::right] for y, x, down, right in passes] if interlaced else [samples]
    body = b"".join(rows(part) for part in parts if part.size)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, int(interlaced))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunk(*c) for c in chunks)
            + chunk(b"IDAT", zlib.compress(body, 9)) + chunk(b"IEND", b""))


def swapped_profile():
    """An ICC profile that swaps red and blue, so that applying it is noticed."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return data.replace(b"rXYZ", b"tmpX").replace(b"bXYZ", b"rXYZ").replace(b"tmpX", b"bXYZ")


def adobe_transform(data, transform):
    at = data.index(b"Adobe")
    return data[:at + 11] + bytes([transform]) + data[at + 12:]


def bmp(width, height, bits, compression, data, palette=b"", masks=b""):
    """A BMP with a 40-byte information header. A negative height means top-down rows."""
    offset = 14 + 40 + len(masks) + len(palette)
    return (b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset)
            + struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(data), 2835, 2835,
                          len(palette) // 4, 0) + masks + palette + data)


def jpeg_files(rgb):
    image = Image.fromarray(rgb)
    save("rgb-444.jpg", image, quality=90, subsampling=0)
    save("rgb-422.jpg", image, quality=85, subsampling=1)
    save("rgb-420.jpg", image, quality=75, subsampling=2)
    save("progressive.jpg", image, quality=80, progressive=True)
    save("grey.jpg", image.convert("L"), quality=85)
    save("profile.jpg", image, quality=90, icc_profile=swapped_profile())

    key = np.minimum.reduce([255 - rgb[..., i] for i in range(3)]) // 2
    cmyk = np.dstack([255 - rgb, key])
    save("cmyk.jpg", Image.fromarray(cmyk, "CMYK"), quality=90)
    # YCCK: the first three planes become YCbCr of the stored (inverted) values; Pillow writes stored = 255 - given.
    ycc = np.asarray(Image.fromarray(255 - cmyk[..., :3]).convert("YCbCr"))
    path = os.path.join(FOLDER, "ycck.jpg")
    Image.fromarray(np.dstack([255 - ycc, key]), "CMYK").save(path, quality=90)
    with open(path, "rb") as file:
        data = file.read()
    write("ycck.jpg", adobe_transform(data, 2))

    small = Image.fromarray(picture(14, 9))
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        save(f"orientation-{orientation}.jpg", small, quality=92, subsampling=0, exif=exif)


def more_jpeg_files(rgb):
    """Kinds that libjpeg-turbo's cjpeg and jpegtran write, and a file without its end marker."""
    def run(*command, data):
        return subprocess.run(command, input=data, check=True, capture_output=True).stdout

    ppm = b"P6\n%d %d\n255\n" % (rgb.shape[1], rgb.shape[0]) + rgb.tobytes()
    write("sampling-1x2.jpg", run("cjpeg", "-quality", "80", "-sample", "1x2", data=ppm))
    write("sampling-4x1.jpg", run("cjpeg", "-quality", "80", "-sample", "4x1", data=ppm))
    write("restarts.jpg", run("cjpeg", "-quality", "70", "-restart", "1B", data=ppm))
    # Each component has its own scan.
    with tempfile.NamedTemporaryFile("w", suffix=".scans") as scans:
        scans.write("0;1;2;")
        scans.flush()
        write("scans.jpg", run("cjpeg", "-quality", "70", "-scans", scans.name, data=ppm))
    write("rgb.jpg", run("cjpeg", "-quality", "90", "-rgb", data=ppm))


def png_files(rgb):
    image = Image.fromarray(rgb)
    alpha = alpha_ramp()
    wide = rgb.astype(np.int64) * 256 + (np.arange(WIDTH)[None, :, None] * 37 + 11) % 256
    wide_alpha = alpha.astype(np.int64)[..., None] * 257
    grey = np.asarray(image.convert("L"))

    save("rgb.png", image)
    save("grey.png", image.convert("L"))
    save("grey-alpha.png", Image.merge("LA", (image.convert("L"), Image.fromarray(alpha))))
    save("rgba.png", Image.merge("RGBA", (*image.split(), Image.fromarray(alpha))))
    save("one-bit.png", image.convert("1"))
    for colors in (2, 4, 16, 200):
        save(f"palette-{colors}.png", image.quantize(colors))
    save("palette-alpha.png", image.quantize(16), transparency=bytes(range(0, 256, 16)))
    save("profile.png", image, icc_profile=swapped_profile())
    write("gamma.png", png(rgb, 8, 2, chunks=[(b"gAMA", struct.pack(">I", 100000))]))
    write("key-color.png", png(rgb // 64 * 64, 8, 2, chunks=[(b"tRNS", struct.pack(">HHH", 0, 0, 0))]))
    write("interlaced.png", png(rgb, 8, 2, interlaced=True))
    write("interlaced-alpha.png", png(np.dstack([rgb, alpha]), 8, 6, interlaced=True))
    write("interlaced-two-bit.png", png((grey // 64)[..., None], 2, 0, interlaced=True))
    # 16-bit samples keep their high byte. Pillow does so for color but clips gray, so NumPy converts gray.
    write("rgb-16.png", png(wide, 16, 2))
    high = (wide >> 8).astype(np.uint8)
    write("grey-16.png", png(wide[..., :1], 16, 0), np.repeat(high[..., :1], 3, -1))
    write("rgba-16.png", png(np.dstack([wide, wide_alpha]), 16, 6))
    exif = Image.Exif()
    exif[0x0112] = 6
    save("orientation-6.png", Image.fromarray(picture(14, 9)), exif=exif)


def webp_files(rgb):
    image = Image.fromarray(rgb)
    with_alpha = Image.merge("RGBA", (*image.split(), Image.fromarray(alpha_ramp())))
    other = Image.fromarray(255 - rgb)
    save("lossy.webp", image, quality=80)
    save("lossless.webp", image, lossless=True)
    save("lossy-alpha.webp", with_alpha, quality=80)
    save("lossless-alpha.webp", with_alpha, lossless=True, exact=True)
    save("profile.webp", image, lossless=True, icc_profile=swapped_profile())
    save("animated.webp", image, save_all=True, append_images=[other], duration=100, lossless=True)
    exif = Image.Exif()
    exif[0x0112] = 8
    save("orientation-8.webp", Image.fromarray(picture(14, 9)), lossless=True, exif=exif)


def more_webp_files(rgb):
    def chunk(kind, data):
        return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)

    def u24(number):
        return struct.pack("<I", number)[:3]

    image = Image.fromarray(picture(70, 50, 3))
    save("low.webp", image, quality=4, method=6)
    save("thin.webp", image.crop((0, 0, 3, 50)), quality=60)
    save("palette.webp", image.quantize(7).convert("RGB"), lossless=True)
    save("cross-color.webp", Image.fromarray(picture(60, 40, 5)), lossless=True, quality=100, method=6)
    # The first frame covers a part of the canvas.
    alpha = Image.merge("RGBA", (*image.crop((0, 0, 20, 14)).split(), Image.fromarray(alpha_ramp()[:14, :20])))
    buffer = io.BytesIO()
    alpha.save(buffer, "WEBP", quality=80)
    parts = buffer.getvalue()[12 + 18:]  # behind the headers of the file and of the extended format
    frame = u24(3) + u24(2) + u24(19) + u24(13) + u24(100) + b"\0" + parts
    body = (chunk(b"VP8X", b"\x12\0\0\0" + u24(WIDTH - 1) + u24(HEIGHT - 1)) + chunk(b"ANIM", b"\0\0\0\0\0\0")
            + chunk(b"ANMF", frame) + chunk(b"ANMF", frame))
    write("animated-part.webp", b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body)


def tiff(name, rgb, **tags):
    """An uncompressed TIFF of planes or tiles, which Pillow cannot write."""
    height, width, channels = rgb.shape
    tile = tags.get("tile")
    if tile:
        padded = np.zeros((-(-height // tile) * tile, -(-width // tile) * tile, channels), np.uint8)
        padded[:height, :width] = rgb
        parts = [padded[y:y + tile, x:x + tile].tobytes() for y in range(0, height, tile) for x in range(0, width, tile)]
    else:
        rows = tags["rows"]
        parts = [rgb[y:y + rows, :, c].tobytes() for c in range(channels) for y in range(0, height, rows)]
    fields = [(256, 3, [width]), (257, 3, [height]), (258, 3, [8] * channels), (259, 3, [1]), (262, 3, [2]), (277, 3, [channels]),
              (284, 3, [1 if tile else 2])]
    fields += [(322, 3, [tile]), (323, 3, [tile])] if tile else [(278, 3, [tags["rows"]])]
    data = b"MM\0*" + struct.pack(">I", 8 + sum(map(len, parts))) + b"".join(parts)
    offsets = [8 + sum(map(len, parts[:i])) for i in range(len(parts))]
    fields += [(324 if tile else 273, 4, offsets), (325 if tile else 279, 4, [len(part) for part in parts])]
    fields.sort()
    values, entries = b"", b""
    start = len(data) + 2 + 12 * len(fields) + 4
    for tag, kind, numbers in fields:
        packed = struct.pack(f">{len(numbers)}{'H' if kind == 3 else 'I'}", *numbers)
        place = packed.ljust(4, b"\0") if len(packed) <= 4 else struct.pack(">I", start + len(values))
        values += packed if len(packed) > 4 else b""
        entries += struct.pack(">HHI", tag, kind, len(numbers)) + place
    write(name, data + struct.pack(">H", len(fields)) + entries + struct.pack(">I", 0) + values)


def tiff_files(rgb):
    image = Image.fromarray(rgb)
    alpha = Image.merge("RGBA", (*image.split(), Image.fromarray(alpha_ramp())))
    save("rgb.tif", image)
    save("grey.tif", image.convert("L"), compression="packbits")
    save("one-bit.tif", image.convert("1"))
    save("palette.tif", image.quantize(100), compression="tiff_lzw")
    save("rgba.tif", alpha, compression="tiff_adobe_deflate")
    save("cmyk.tif", image.convert("CMYK"))
    save("predictor.tif", image, compression="tiff_lzw", tiffinfo={317: 2})
    save("jpeg.tif", image, compression="jpeg", quality=85)
    # Pillow 9 does not turn TIFF files upright.
    small = Image.fromarray(picture(14, 9))
    small.save(os.path.join(FOLDER, "orientation-7.tif"), tiffinfo={274: 7})
    expect("orientation-7.tif", np.asarray(small.transpose(Image.Transpose.TRANSVERSE)))
    tiff("planes.tif", rgb, rows=10)
    tiff("tiles.tif", rgb, tile=16)
    grey = (np.asarray(image.convert("L")).astype(np.uint16) * 256 + 77)
    Image.fromarray(grey).save(os.path.join(FOLDER, "grey-16.tif"))
    expect("grey-16.tif", np.repeat((grey >> 8).astype(np.uint8)[..., None], 3, -1))


def tga_files(rgb):
    image = Image.fromarray(rgb)
    alpha = Image.merge("RGBA", (*image.split(), Image.fromarray(alpha_ramp())))
    save("rgb.tga", image)
    save("runs.tga", image.quantize(9).convert("RGB"), compression="tga_rle")
    save("rgba.tga", alpha, compression="tga_rle")
    save("palette.tga", image.quantize(50))
    save("grey.tga", image.convert("L"), orientation=1)
    with open(os.path.join(FOLDER, "rgb.tga"), "rb") as file:
        plain = file.read()[:18 + rgb.size]
    # Without the footer of version 2, mirrored, and with 5 bits for each color.
    write("mirrored.tga", plain[:17] + b"\x10" + plain[18:], rgb[:, ::-1])
    five = rgb.astype(np.uint16) >> 3
    packed = (five[..., 0] << 10 | five[..., 1] << 5 | five[..., 2]).astype("<u2")
    write("555.tga", bytes([0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0]) + struct.pack("<HH", WIDTH, HEIGHT) + bytes([16, 0x20]) + packed.tobytes(),
          (five * 255 // 31).astype(np.uint8))


def netpbm_files(rgb):
    image = Image.fromarray(rgb)
    grey, bits = image.convert("L"), image.convert("1")
    save("rgb.pnm", image, format="PPM")
    save("grey.pgm", grey)
    save("one-bit.pbm", bits)
    size = b"# a comment\n%d %d\n" % (WIDTH, HEIGHT)
    write("max-100.pnm", b"P6\n" + size + b"100\n" + (rgb.astype(int) * 100 // 255).astype(np.uint8).tobytes())
    write("max-65535.pnm", b"P6 " + size + b"65535\n" + (rgb.astype(">u2") * 257 - 1 * (rgb > 9)).astype(">u2").tobytes())
    write("text.pnm", b"P3\n" + size + b"255\n" + b" ".join(b"%d" % n for n in rgb.reshape(-1)))
    write("text-bits.pnm", b"P1\n" + size + b"".join(b"%d" % (n == 0) for n in np.asarray(bits).reshape(-1)))


def gif_files(rgb):
    image = Image.fromarray(rgb)
    save("palette.gif", image.quantize(64), interlace=0)
    save("interlaced.gif", image.quantize(64), interlace=1)
    save("grey.gif", image.convert("L"))
    save("transparent.gif", image.quantize(8), transparency=3)
    save("animated.gif", image.quantize(32), save_all=True, append_images=[Image.fromarray(255 - rgb).quantize(32)])


def bmp_files(rgb):
    image = Image.fromarray(rgb)
    save("rgb.bmp", image)
    save("grey.bmp", image.convert("L"))
    save("palette.bmp", image.quantize(200))
    save("one-bit.bmp", image.convert("1"))

    def padded(row):
        return row + b"\0" * (-len(row) % 4)

    top_down = b"".join(padded(row[:, ::-1].tobytes()) for row in rgb)
    write("top-down.bmp", bmp(WIDTH, -HEIGHT, 24, 0, top_down))
    unused = b"".join(np.dstack([rgb[..., ::-1], np.zeros((HEIGHT, WIDTH), np.uint8)])[::-1])
    write("rgbx.bmp", bmp(WIDTH, HEIGHT, 32, 0, unused))
    red, green, blue = (rgb[..., i].astype(np.uint16) for i in range(3))
    packed = ((red >> 3) << 11 | (green >> 2) << 5 | blue >> 3).astype("<u2")
    write("565.bmp", bmp(WIDTH, HEIGHT, 16, 3, b"".join(padded(row.tobytes()) for row in packed[::-1]),
                         masks=struct.pack("<III", 0xF800, 0x07E0, 0x001F)))

    quantized = image.quantize(6, dither=0)
    palette = b"".join(bytes([b, g, r, 0]) for r, g, b in np.reshape(quantized.getpalette()[:18], (6, 3)).tolist())
    runs = b""
    for row in np.asarray(quantized)[::-1]:
        at = 0
        while at < WIDTH:
            count = 1
            while at + count < WIDTH and row[at + count] == row[at]:
                count += 1
            runs += bytes([count, row[at]])
            at += count
        runs += b"\0\0"
    write("run-length.bmp", bmp(WIDTH, HEIGHT, 8, 1, runs + b"\0\1", palette))


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    pixels = picture()
    jpeg_files(pixels)
    png_files(pixels)
    webp_files(pixels)
    gif_files(pixels)
    bmp_files(pixels)
    more_jpeg_files(pixels)
    more_webp_files(pixels)
    tiff_files(pixels)
    tga_files(pixels)
    netpbm_files(pixels)
